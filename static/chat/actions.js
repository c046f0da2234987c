// What can be done with a message, without leaving the room; and the keys that lead from one to the next.

import { live } from "../realtime/live.js";
import { address } from "./messages.js";

const HEADERS = { "X-Requested-With": "fetch" };
const MARGIN = 8;
const chat = live("/chat");
const me = document.documentElement.dataset.me;

export function act(room) {
  const { root, messages, signal } = room;
  const on = (name, fn, options = {}) => root.addEventListener(name, fn, { signal, ...options });

  // React, pin, withdraw: buttons of one form without fields.
  on("submit", async (event) => {
    const { target: form, submitter: button } = event;
    if (form.id !== "chat-act" || !button) return;
    event.preventDefault();
    const body = new URLSearchParams({ csrf_token: root.dataset.token });
    if (button.name) body.set(button.name, button.value);
    const menu = button.closest("details.menu");
    if (menu) {
      menu.querySelector("summary").focus({ preventScroll: true });
      menu.open = false;
    }
    try {
      const answer = await fetch(button.formAction, { method: "POST", body, headers: HEADERS });
      const found = await answer.json();
      if (answer.ok) room.change(found);
      else room.say.complain(found.error);
    } catch {
      room.say.complain();
    }
  });

  on("click", (event) => {
    const link = event.target.closest("a, button");
    const message = link?.closest(".message");
    if (!message || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const does = (name) => link.matches(`.${name}`);
    if (does("quoted")) {
      const quoted = messages.find(link.dataset.quoted);
      if (quoted) messages.point(quoted);
      else room.go(`${room.here}?around=${link.dataset.quoted}#m${link.dataset.quoted}`);
    } else if (does("at")) return;
    else if (does("answer")) close(message, () => room.say.answer(message));
    else if (does("edit")) close(message, () => room.say.edit(message));
    else if (does("keep")) close(message, () => choose(message));
    else if (does("seen")) showReaders(message, link);
    else return;
    event.preventDefault();
  });

  function close(message, then) {
    const menu = message.querySelector("details.menu");
    if (menu) menu.open = false;
    then();
  }

  async function choose(message) {
    const { choose: begin } = await import("./choosing.js");
    begin(room, message);
  }

  async function showReaders(message, button) {
    const answer = await chat.ask("seen_by", { message: Number(message.dataset.id) }).catch(() => null);
    const line = document.createElement("p");
    line.className = "seers";
    line.role = "status";
    line.tabIndex = -1;
    const names = answer?.members?.map(({ name }) => name) ?? [];
    line.textContent = answer ? (answer.ok ? names.join(", ") || room.words.nobody : answer.message) : room.words.lost;
    button.replaceWith(line);
    line.focus({ preventScroll: true });
  }

  // ---------- Menus: filled when they are opened, inside the window ----------

  function fill(menu) {
    const panel = menu.querySelector(".panel");
    const message = menu.closest(".message");
    const { writes, pins, moderates, receipts } = root.dataset;
    const isOwn = message.dataset.author === me;
    const filled = messages.mould("actions");
    if (!message.querySelector(".is-pinned")) filled.querySelector(".pin").replaceWith(messages.mould("pin"));
    const kept = {
      ".answer": writes === "true",
      ".react": writes === "true",
      ".edit": isOwn && writes === "true",
      ".pin": pins === "true",
      ".seen": isOwn && receipts === "true",
      ".withdraw": isOwn,
      ".remove": moderates === "true" && !isOwn,
    };
    for (const [selector, stays] of Object.entries(kept)) if (!stays) filled.querySelector(selector)?.remove();
    address(filled, message.dataset.id);
    panel.replaceChildren(...filled.childNodes);
    return panel;
  }

  on(
    "toggle",
    ({ target }) => {
      if (!target.matches(".message details.menu") || !target.open) return;
      const panel = target.querySelector(".panel:has(:focus)") ?? fill(target); // opened by a key, it has been filled
      panel.removeAttribute("style"); // from the last time
      if (getComputedStyle(panel).position !== "absolute") return;
      const from = target.getBoundingClientRect();
      const { offsetHeight: height, offsetWidth: width } = panel;
      const below = from.bottom + height + MARGIN < innerHeight;
      panel.style.position = "fixed";
      panel.style.inset = "auto";
      panel.style.left = `${Math.max(from.right - width, MARGIN)}px`;
      panel.style.top = `${below ? from.bottom : Math.max(from.top - height, MARGIN)}px`;
      messages.log.addEventListener("scroll", () => (target.open = false), { once: true, passive: true });
    },
    { capture: true },
  );

  // ---------- Keys ----------

  messages.log.tabIndex = -1; // its messages take the Tab key
  messages.log.addEventListener(
    "keydown",
    (event) => {
      const message = event.target.closest?.(".message");
      if (event.target !== message || event.altKey || event.ctrlKey || event.metaKey) return;
      const keys = {
        ArrowUp: () => messages.step(message, -1),
        ArrowDown: () => messages.step(message, 1),
        Home: () => messages.first && messages.focus(messages.first),
        End: () => messages.last && messages.focus(messages.last),
        Enter: () => openMenu(message),
        " ": () => openMenu(message),
        r: () => message.querySelector(".answer") && room.say.answer(message),
        e: () => message.matches(".own") && room.say.edit(message),
        Escape: () => room.say.focus(),
      };
      const key = event.shiftKey ? null : keys[event.key];
      if (!key) return;
      event.preventDefault();
      key();
      messages.last?.scrollIntoView && event.key === "End" && messages.goToFoot();
    },
    { signal },
  );

  function openMenu(message) {
    const menu = message.querySelector("details.menu");
    if (!menu) return;
    fill(menu);
    menu.open = true;
    menu.querySelector(".panel :is(a, button)").focus();
  }
}
