// What every page can do with script; all of it works without, less comfortably. Words come from the page (data-… on <html> and elements).

const root = document.documentElement;
const words = root.dataset;
root.classList.add("js");

// Menus: Esc closes and returns to the button; a click or the focus elsewhere closes.
const openMenus = () => [...document.querySelectorAll("details.menu[open]")];

for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
}

function closeMenus() {
  for (const menu of openMenus()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
}

// Something said aloud to screen readers, once.
function say(text) {
  const line = document.getElementById("said");
  if (line) line.textContent = text ?? "";
}

// data-copy="address or text" or data-copy-from="#id": into the clipboard, the button says so for two seconds.
async function copy(button) {
  const { copy: value, copyFrom } = button.dataset;
  const text = copyFrom ? document.querySelector(copyFrom).innerText : /^[/#]/.test(value) ? new URL(value, location.href).href : value;
  const label = button.querySelector("[data-label]") ?? button;
  const before = label.textContent;
  let done = words.copied;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = words.notCopied;
  }
  say(done);
  label.textContent = done;
  setTimeout(() => {
    label.textContent = before;
  }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from], [data-print], [data-close], [data-cover], [data-uncover]");
  if (!button) return;
  const act = button.dataset;
  if ("copy" in act || "copyFrom" in act) {
    event.preventDefault();
    copy(button);
  } else if ("print" in act) window.print();
  else if ("close" in act) button.closest(".notice, .toast").remove();
  else if ("cover" in act) cover();
  else uncover();
});

// A form is sent once: further tries are held until the page is shown again or nothing came for eight seconds.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.classList.contains("sending")) event.preventDefault();
  if (event.defaultPrevented) return;
  form.classList.add("sending");
  setTimeout(() => form.classList.remove("sending"), 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.sending")) form.classList.remove("sending");
});

// data-leave="10": an offer to undo goes after so many seconds, but not while someone is at it.
for (const toast of document.querySelectorAll("[data-leave]")) {
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, Number(toast.dataset.leave) * 1000);
}

// After a form came back with errors, start at the list of them.
document.querySelector("[data-focus]")?.focus();

// Diskret: Esc twice within 600 ms covers the page, drafts stay. Twice again (not within the first second) or the button returns.
const calm = document.querySelector(".screen");
let title = "";
let focused = null;
let coveredAt = 0;
let lastEscape = 0;

function cover() {
  closeMenus();
  [title, focused, coveredAt] = [document.title, document.activeElement, Date.now()];
  document.title = calm.dataset.title;
  root.classList.add("covered");
  calm.hidden = false;
  calm.querySelector("button").focus();
}

function uncover() {
  document.title = title;
  root.classList.remove("covered");
  calm.hidden = true;
  focused?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  closeMenus();
  const now = Date.now();
  const twice = now - lastEscape < 600;
  lastEscape = twice ? 0 : now;
  if (!twice || !calm) return;
  if (calm.hidden) cover();
  else if (now - coveredAt > 1000) uncover();
}, true);
