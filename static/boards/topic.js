// A topic being read: what was seen is noted, a quotation goes into the reply without leaving the page.

import "./writing.js";

const HEADERS = { "X-Requested-With": "fetch" };
const list = document.querySelector("[data-reading]");

// The highest number whose end was on the screen, sent after a moment of rest and when the page is left.
if (list) {
  let seen = Number(list.dataset.seen);
  let noted = seen;
  let timer = 0;

  const note = () => {
    timer = 0;
    if (seen <= noted) return;
    noted = seen;
    const body = new URLSearchParams({ csrf_token: list.dataset.token, number: seen });
    fetch(list.dataset.reading, { method: "POST", body, headers: HEADERS, keepalive: true }).catch(() => {
      noted = 0; // tried again with the next post
    });
  };

  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen = Math.max(seen, Number(target.dataset.number));
      watcher.unobserve(target);
    }
    if (seen > noted && !timer) timer = setTimeout(note, 800);
  });
  // A long post counts once its foot is in sight.
  for (const post of list.querySelectorAll("[data-number]")) {
    const foot = post.querySelector(".post-foot") ?? post;
    foot.dataset.number = post.dataset.number;
    watcher.observe(foot);
  }
  window.addEventListener("pagehide", note);
  document.addEventListener("visibilitychange", () => document.hidden && note());
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-quote]");
  const field = document.getElementById("text");
  if (!link || !field || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: HEADERS });
    if (!answer.ok) throw new Error(String(answer.status));
    const { text } = await answer.json();
    field.dispatchEvent(new CustomEvent("composer:insert", { detail: { markdown: text } }));
    field.dispatchEvent(new CustomEvent("composer:focus"));
    document.getElementById("reply").scrollIntoView({ block: "nearest" });
  } catch {
    location.assign(link.href);
  }
});
