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

// Files for a form[data-files]: picked, pasted or dropped anywhere near, they go into its plain field. What sends them while one
// goes on writing (files/uploads.js) comes with the first of them, or where some are on their way; if it cannot, they go with the form.
const carriesFiles = (data) => data?.types.includes("Files");

function takerFrom(target) {
  const form = target.closest?.("form");
  if (form) return form.matches("[data-files]") ? form : null;
  return (target.closest?.(".talk") ?? document.querySelector("main"))?.querySelector("form[data-files]");
}

async function takeUp(form, folders = []) {
  try {
    const list = (await import("../files/uploads.js")).attach(form);
    if (folders.length) list.addFolders(folders);
  } catch {
    form.querySelector(".files > .needs-no-script").classList.remove("needs-no-script");
  }
}

function put(form, files, folders) {
  const field = form.elements.files;
  const all = new DataTransfer();
  for (const file of [...field.files, ...files]) all.items.add(file);
  field.files = all.files;
  takeUp(form, folders);
}

let leaving = 0; // between two parts of a page, too, something is left
for (const kind of ["dragover", "dragleave", "drop", "paste", "composer:files"]) {
  document.addEventListener(kind, (event) => {
    const data = kind === "paste" ? event.clipboardData : event.dataTransfer;
    if (kind !== "composer:files" && !carriesFiles(data)) return;
    const form = takerFrom(event.target);
    if (!form) {
      // Beside its aim a file must not take the place of the page, and of what was written there.
      if (kind.startsWith("d") && !event.target.matches?.('input[type="file"]') && document.querySelector("form[data-files]")) {
        event.preventDefault();
        data.dropEffect = "none";
      }
      return;
    }
    clearTimeout(leaving);
    if (kind === "dragleave") {
      leaving = setTimeout(() => form.classList.remove("dropping"), 100);
      return;
    }
    // Words beside a picture of them, as office programs put into the clipboard, are meant as words.
    if (kind === "paste" && data.types.includes("text/html") && data.types.includes("text/plain")) return;
    event.preventDefault();
    if (kind === "dragover") {
      data.dropEffect = "copy";
      if (!form.matches(".dropping")) takeUp(form);
      form.classList.add("dropping");
      return;
    }
    event.stopPropagation();
    form.classList.remove("dropping");
    const folders = [...(data?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    const names = new Set(folders.map(({ name }) => name));
    put(form, [...(data ?? event.detail).files].filter(({ name, type }) => type || !names.has(name)), folders);
  }, true);
}

document.addEventListener("click", ({ target }) => target.closest(".files-pick")?.form.elements.files.click());
document.addEventListener("change", ({ target }) => target.name === "files" && target.form?.matches("[data-files]") && takeUp(target.form));

function isOnItsWay(form) {
  if (form.querySelector(".upload")) return true;
  try {
    return Object.keys(localStorage).some((name) => name.startsWith("files."));
  } catch {
    return false;
  }
}

for (const form of document.querySelectorAll("form[data-files]")) if (isOnItsWay(form)) takeUp(form);

// At sign-out nothing of them stays on this computer, nor of what was written and not saved (writing.js).
document.addEventListener("submit", ({ target }) => {
  if (!target.action.endsWith("/sign-out")) return;
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith("files.")) localStorage.removeItem(name);
    for (const name of Object.keys(sessionStorage)) if (name.startsWith("draft.")) sessionStorage.removeItem(name);
    indexedDB.deleteDatabase("files");
  } catch {
    // nothing can have been kept
  }
});

// What this browser keeps of its reader is looked after where it keeps something, or is the installed app.
function keepsThings() {
  try {
    return Object.keys(localStorage).some((name) => name.startsWith("device."));
  } catch {
    return false;
  }
}

if (keepsThings() || matchMedia("(display-mode: standalone)").matches) import("../notifications/device.js");

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
