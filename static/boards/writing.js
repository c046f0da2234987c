// Writing with a net: the draft is kept on the server while typing, a send that fails loses nothing, and one
// that is repeated makes one post (the form's client_key). Without script the form is an ordinary form.

import { live } from "../realtime/live.js";

const PAUSE = 1200; // ms of quiet after which the draft is saved
const HEADERS = { "X-Requested-With": "fetch" };
// What the server did not take yet, only in this tab. What somebody else left there, whose session ran out, goes.
const UNSAVED = `draft.${document.documentElement.dataset.me}.`;

for (const name of Object.keys(sessionStorage)) {
  if (name.startsWith("draft.") && !name.startsWith(UNSAVED)) sessionStorage.removeItem(name);
}

for (const form of document.querySelectorAll("form[data-send]")) keep(form);

// Which button was pressed goes along, also where a script sends the form.
function carry(form, button) {
  if (!button?.name) return null;
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: button.name, value: button.value });
  form.append(field);
  return field;
}

/** Look after a form; those of the page are looked after from the start. */
export function keep(form) {
  const place = form.dataset.draft; // without one, no draft is kept
  const state = form.querySelector(".sending-state");
  const text = form.elements.text;
  const kept = UNSAVED + place;
  const say = (what) => {
    state.textContent = what ? state.dataset[what] : "";
  };
  let timer = 0;
  let sent = false;

  const typed = () => ({ title: form.elements.title?.value ?? "", text: text.value });

  // The event is for device.js, which keeps it for longer where that is wanted.
  function note(isUnsaved) {
    if (!place) return;
    if (isUnsaved) sessionStorage.setItem(kept, JSON.stringify(typed()));
    else sessionStorage.removeItem(kept);
    form.dispatchEvent(new CustomEvent("draft", { bubbles: true, detail: isUnsaved ? typed() : null }));
  }

  async function save() {
    timer = 0;
    if (!place) return;
    const body = new FormData();
    body.set("csrf_token", form.elements.csrf_token.value);
    body.set("place", place);
    for (const [name, value] of Object.entries(typed())) body.set(name, value);
    try {
      const answer = await fetch("/drafts", { method: "POST", body, headers: HEADERS, keepalive: text.value.length < 15000 });
      if (!answer.ok) throw new Error(String(answer.status));
      note(false);
      if (!sent) say("saved");
    } catch {
      note(true);
      if (!sent) say("unsaved");
    }
  }

  form.addEventListener("input", () => {
    if (sent) return;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  window.addEventListener("pagehide", () => {
    if (timer && !sent) save();
  });
  window.addEventListener("online", () => {
    if (!sent && sessionStorage.getItem(kept)) save();
  });

  if (text.dataset.names) offerNames(form, text);

  const left = place && sessionStorage.getItem(kept);
  if (left) {
    const { title, text: words } = JSON.parse(left);
    if (form.elements.title) form.elements.title.value = title;
    if (words !== text.value) {
      text.value = words;
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  form.addEventListener("submit", async (event) => {
    if (event.submitter?.name === "preview") return; // a page of its own
    event.preventDefault();
    if (sent) return;
    sent = true;
    clearTimeout(timer);
    timer = 0;
    form.classList.add("sending");
    say("sending");
    const pressed = carry(form, event.submitter);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: HEADERS });
    } catch {
      sent = false;
      form.classList.remove("sending");
      pressed?.remove();
      note(true);
      say("failed");
      return;
    }
    if (answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) {
      note(false);
      follow((await answer.json()).location);
    } else {
      // Refused: nothing was done. The same form sent the ordinary way shows the page that says why.
      HTMLFormElement.prototype.submit.call(form);
    }
  });
}

// Behind a typed "@": whom of those who read there one may mean. The list comes when the first is typed.
function offerNames(form, text) {
  let names;
  const ask = async (part) => (await live("/boards").ask("names", { space: Number(text.dataset.names), part }).catch(() => null))?.people;
  form.addEventListener("input", async () => {
    if (!names && !text.value.includes("@")) return;
    const { Names } = await import("../web/names.js");
    names ??= new Names({ form, field: form, text, ask });
    names.look();
  });
  form.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing || event.keyCode === 229 || event.defaultPrevented || !names?.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}

// To the same page with another anchor a browser only scrolls; what was written is on the server by now.
function follow(address) {
  const target = new URL(address, location.href);
  const same = target.pathname === location.pathname && target.search === location.search;
  location.assign(target);
  if (same) location.reload();
}
