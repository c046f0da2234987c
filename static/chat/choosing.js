// Choosing messages of a room that are to become a topic.

export function choose(room, first) {
  const { root, messages, words, here } = room;
  if (root.classList.contains("is-choosing")) return;
  const foot = root.querySelector(".talk-foot");
  const bar = document.createElement("div");
  bar.className = "choice-bar";
  const [count, next, cancel] = [document.createElement("span"), document.createElement("a"), document.createElement("button")];
  count.role = "status";
  next.className = "btn btn-primary";
  next.textContent = words.keep;
  cancel.className = "btn btn-quiet";
  cancel.type = "button";
  cancel.textContent = words.cancel;
  bar.append(count, next, cancel);
  root.classList.add("is-choosing");
  foot.prepend(bar);

  for (const message of messages.all) {
    if (message.matches(".trace")) continue;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "choose";
    box.ariaLabel = `${words.choose}: ${message.querySelector(".by").textContent.trim()}`;
    box.checked = message === first;
    message.append(box);
  }
  const boxes = () => [...messages.list.querySelectorAll(".choose:checked")];

  function draw() {
    const ids = boxes().map((box) => box.closest(".message").dataset.id);
    count.textContent = words.chosen.replace("%(num)s", ids.length);
    next.href = `${here}/transcript?messages=${ids.join(",")}`;
    next.toggleAttribute("aria-disabled", !ids.length);
  }

  function end() {
    root.classList.remove("is-choosing");
    for (const box of messages.list.querySelectorAll(".choose")) box.remove();
    bar.remove();
    listening.abort();
    messages.focus(first.isConnected ? first : messages.last);
  }

  const listening = new AbortController();
  const { signal } = listening;
  messages.list.addEventListener("change", draw, { signal });
  // The whole message is the target.
  messages.list.addEventListener(
    "click",
    ({ target }) => {
      const box = target.closest("a, button, input") ? null : target.closest(".message")?.querySelector(".choose");
      if (!box) return;
      box.checked = !box.checked;
      draw();
    },
    { signal },
  );
  next.addEventListener("click", (event) => next.hasAttribute("aria-disabled") && event.preventDefault(), { signal });
  cancel.addEventListener("click", end, { signal });
  root.addEventListener("keydown", (event) => event.key === "Escape" && end(), { signal });
  draw();
  first.querySelector(".choose").focus();
}
