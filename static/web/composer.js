// The Word-like editor for every <textarea data-composer>. Without this script, or while it loads, the textarea itself
// works. The editor (static/vendor/composer, built from frontend/) is fetched when somebody first goes into the field.
//
// On the textarea
//   data-composer               "now" brings the editor at once, anything else on first focus or click
//   data-icons                  address of static/vendor/icons/icons.svg; without it the buttons carry words
//   data-composer-labels        all texts as one JSON object {"bold": "Fett", …}, or one by one: data-label-bold="Fett",
//                               data-label-heading1, data-label-bullet-list, …; a missing text shows its name
//   data-submit-keys            Ctrl+Enter (⌘+Enter) sends the form
//   aria-label or <label>, aria-describedby, placeholder, lang, required, readonly, disabled are taken over
//
// Events the textarea hears
//   composer:insert             detail.markdown goes in at the cursor (at the end, if nobody has written here yet)
//   composer:focus              the cursor goes into the text, rich or plain
//   input                       after setting textarea.value from outside: the editor reads the text anew
// Events the textarea sends
//   input, change               as if typed; its value is always the whole text as CommonMark with GFM tables
//   composer:ready              the editor is there; detail.rich is false if it stayed with plain text
//   composer:files              detail.files were pasted or dropped into the editor
//
// Labels                German                                 English
//   toolbar             Werkzeuge                              Tools
//   keys                Alt+F10 führt zu den Werkzeugen        Alt+F10 leads to the tools
//   bold                Fett                                   Bold
//   italic              Kursiv                                 Italic
//   strike              Durchgestrichen                        Strikethrough
//   heading1            Überschrift 1                          Heading 1
//   heading2            Überschrift 2                          Heading 2
//   heading3            Überschrift 3                          Heading 3
//   bulletList          Aufzählung                             Bulleted list
//   orderedList         Nummerierte Liste                      Numbered list
//   indent              Einrücken                              Indent
//   outdent             Ausrücken                              Outdent
//   quote               Zitat                                  Quotation
//   code                Code                                   Code
//   link                Link                                   Link
//   table               Tabelle einfügen                       Insert table
//   rowAdd              Zeile darunter einfügen                Insert row below
//   rowDelete           Zeile löschen                          Delete row
//   columnAdd           Spalte rechts einfügen                 Insert column to the right
//   columnDelete        Spalte löschen                         Delete column
//   tableDelete         Tabelle löschen                        Delete table
//   undo                Rückgängig                             Undo
//   redo                Wiederholen                            Redo
//   plain               Nur Text                               Plain text
//   rich                Formatiert schreiben                   Write with formatting
//   linkTitle           Link einfügen                          Insert link
//   linkChange          Link ändern                            Change link
//   linkAddress         Adresse                                Address
//   linkText            Angezeigter Text (freiwillig)          Text to show (optional)
//   linkApply           Übernehmen                             Apply
//   linkRemove          Link entfernen                         Remove link
//   linkCancel          Abbrechen                              Cancel
//   linkInvalid         Das ist keine Adresse. Möglich sind    This is not an address. You can use web, mail and
//                       Web-, Mail- und Telefonadressen.       telephone addresses.
//   unsafe              Dieser Text enthält etwas, das der     This text contains something the editor cannot show.
//                       Editor nicht zeigen kann. Er bleibt    It stays as plain text so that nothing is lost.
//                       deshalb „Nur Text“, damit nichts
//                       verloren geht.
//   failed              Der Editor lädt gerade nicht. Du       The editor does not load at the moment. You can go on
//                       kannst hier einfach weiterschreiben.   writing here.

const MODE_KEY = "composer.mode";
const composers = new WeakMap();
const started = new WeakSet();

function preferredMode() {
  try {
    return localStorage.getItem(MODE_KEY) ?? "rich";
  } catch {
    return "rich"; // storage is forbidden here
  }
}

function remember(mode) {
  try {
    localStorage.setItem(MODE_KEY, mode);
  } catch {
    // Then the choice holds for this page only.
  }
}

function labelsOf(textarea) {
  const labels = JSON.parse(textarea.dataset.composerLabels || "{}");
  for (const [name, text] of Object.entries(textarea.dataset))
    if (/^label./.test(name)) labels[name.charAt(5).toLowerCase() + name.slice(6)] = text;
  return labels;
}

function tell(textarea, text) {
  const note = document.createElement("p");
  note.className = "composer-note";
  note.setAttribute("role", "status");
  note.textContent = text;
  textarea.before(note);
}

// An input method (for accents, or dictation) must not lose its field in the middle of a word.
function whenComposed(textarea, composing) {
  if (!composing()) return Promise.resolve();
  return new Promise((resolve) => {
    textarea.addEventListener("compositionend", () => setTimeout(resolve), { once: true });
  });
}

// The editor's own styles come with it: most who read a page do not write on it.
let dressing;

function dress() {
  dressing ??= new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("composer.css", import.meta.url).href;
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
  return dressing;
}

async function start(textarea, preferPlain = preferredMode() === "plain") {
  if (started.has(textarea)) return;
  started.add(textarea);
  const labels = labelsOf(textarea);
  if (preferPlain) {
    await dress();
    offerRich(textarea, labels);
    return;
  }
  let composing = false;
  textarea.addEventListener("compositionstart", () => (composing = true));
  textarea.addEventListener("compositionend", () => (composing = false));
  try {
    const [{ mount }] = await Promise.all([import("../vendor/composer/composer.js"), dress()]);
    await whenComposed(textarea, () => composing);
    const composer = mount(textarea, { labels, icons: textarea.dataset.icons, remember });
    composers.set(textarea, composer);
    textarea.dispatchEvent(new CustomEvent("composer:ready", { bubbles: true, detail: { rich: composer.isRich } }));
  } catch (error) {
    console.error(error);
    tell(textarea, labels.failed ?? "failed");
  }
}

// Whoever prefers plain text gets one button and no editor to download.
function offerRich(textarea, labels) {
  const bar = document.createElement("div");
  bar.className = "composer composer-offer";
  bar.dataset.mode = "plain";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "composer-button composer-mode";
  button.textContent = labels.rich ?? "rich";
  button.addEventListener("click", async () => {
    remember("rich");
    bar.remove();
    started.delete(textarea);
    await start(textarea, false);
    focus(textarea);
  });
  bar.append(button);
  textarea.before(bar);
}

function focus(textarea) {
  const composer = composers.get(textarea);
  if (composer) composer.focus();
  else textarea.focus();
}

// A quotation or list begins a new paragraph; a few words go in where the cursor is.
function insertPlain(textarea, markdown) {
  const { value, selectionStart: from, selectionEnd: to } = textarea;
  const isBlock = /\n|^(?:>|#{1,6} |[-*+] |\d+[.)] |\||```)/.test(markdown);
  let [before, after] = [value.slice(0, from), value.slice(to)];
  if (isBlock) {
    before = before.trimEnd() && `${before.trimEnd()}\n\n`;
    after = `\n\n${after.trimStart()}`;
  }
  const inserted = isBlock ? markdown.trim() : markdown;
  textarea.value = before + inserted + after;
  const cursor = before.length + inserted.length + (isBlock ? 2 : 0);
  textarea.setSelectionRange(cursor, cursor);
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}

const composerField = (event) => event.target.closest?.("textarea[data-composer]");

document.addEventListener("focusin", (event) => {
  const textarea = composerField(event);
  if (textarea) start(textarea);
});

document.addEventListener("composer:insert", insertFromEvent, true);
document.addEventListener("composer:focus", (event) => composerField(event) && focus(composerField(event)), true);

function insertFromEvent(event) {
  const textarea = composerField(event);
  if (textarea && !composers.get(textarea)?.insert(event.detail.markdown)) insertPlain(textarea, event.detail.markdown);
}

document.addEventListener("keydown", (event) => {
  const textarea = composerField(event);
  if (!textarea?.form || !textarea.hasAttribute("data-submit-keys")) return;
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  textarea.form.requestSubmit();
});

function startNow(root) {
  for (const textarea of root.querySelectorAll('textarea[data-composer="now"]')) start(textarea);
  const active = document.activeElement;
  if (active?.matches("textarea[data-composer]")) start(active);
}

startNow(document);
document.addEventListener("htmx:load", (event) => startNow(event.target)); // parts of the page that came later
