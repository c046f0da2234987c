// What is on the page counts as seen once it was shown: data-seen (address) and data-token on its head.

const head = document.querySelector("[data-seen]");
if (head) {
  fetch(head.dataset.seen, {
    method: "POST",
    headers: { "X-Requested-With": "fetch" },
    body: new URLSearchParams({ csrf_token: head.dataset.token }),
  }).catch(() => {}); // the next visit says it again
}
