// Files for a form: sent while one goes on writing, each with its progress; gone on with after a cut line and after a reload.
// Brought by web/app.js with the first file, or where some wait (templates/files/field.html says what a form needs).
//
// Events the form hears
//   files:sent                  detail.ids: these belong to something that was sent, and go from the list
//   files:back                  detail.ids: that was not sent after all, they are shown again
// Event the form sends
//   files:changed               a file came, arrived or went

import { forget, isReadable, keep, keptFor, noteOf, recall } from "./copies.js";
import { Sending, headersWith } from "./sending.js";

const SOON = 700; // ms after which is asked how the check is going; each time a third more …
const SELDOM = 6_000; // … up to this
const APART = 150; // ms between two such questions, however many files there are
const PATIENCE = 5_000; // ms that a form waits for the check, which may have a question
const HEADLINE = 400; // ms in which what happens is said in one sentence
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const UNITS = ["KB", "MB", "GB"];
const lists = new WeakMap(); // form → List

dress();

/** Look after the files of a form; once is enough. What its plain field holds is taken over. */
export function attach(form) {
  if (!lists.has(form)) lists.set(form, new List(form));
  const list = lists.get(form);
  list.takeOver();
  return list;
}

// The styles come with the first file: most who read a page attach nothing to it.
function dress() {
  const href = new URL("uploads.css", import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}

// A form whose files are not all there waits for them. Heard before the form itself hears it.
document.addEventListener("submit", (event) => {
  const list = lists.get(event.target);
  if (!list || event.submitter?.name === "preview" || !list.mustWait(event.submitter)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// As forum/files/sizes.py says it.
function sizeOf(bytes) {
  if (bytes < 1024) return `${number.format(bytes)} Byte`;
  let [amount, unit] = [bytes / 1024, 0];
  while (amount >= 1024 && unit < UNITS.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${number.format(amount < 10 ? amount : Math.round(amount))} ${UNITS[unit]}`;
}

const shareOf = (done, size) => `${Math.floor((100 * done) / size)}\u00a0%`;

class List {
  #held = null; // what the form was sent with, while it waits
  #isStuck = false; // it was sent, and something has to be done about a file first
  #looking = 0;
  #unsaid = [];
  #saying = 0;
  #sent = new Map(); // id → row of what went away with a message

  constructor(form) {
    this.form = form;
    this.root = form.querySelector(".files");
    this.words = this.root.dataset;
    this.place = this.words.place;
    this.list = this.root.querySelector(".uploads");
    this.mould = this.root.querySelector(".upload-mould").content.firstElementChild;
    this.input = form.querySelector('input[type="file"][name="files"]');
    this.note = this.root.querySelector(".files-note");
    this.heard = this.root.querySelector(".files-said");
    this.rows = new Map(); // key → Row
    this.note.querySelector("button").addEventListener("click", () => {
      this.#release();
      form.querySelector('[type="submit"]')?.focus();
    });
    this.offers = [...this.root.querySelectorAll(".files-all")]; // each for the files of one state
    for (const offer of this.offers) {
      for (const button of offer.querySelectorAll("button")) button.addEventListener("click", () => this.#doForAll(offer, button.value));
    }
    form.addEventListener("files:sent", ({ detail }) => this.#take(detail.ids));
    form.addEventListener("files:back", ({ detail }) => this.#bringBack(detail.ids));
    for (const element of this.list.children) this.#put(new Row(this, element));
    this.#goOn();
  }

  get token() {
    return this.form.elements.csrf_token.value;
  }

  get all() {
    return [...this.rows.values()];
  }

  /** What was picked in the plain field, or put there by a drop, is sent from here on. */
  takeOver() {
    const files = [...this.input.files];
    if (!files.length || this.form.classList.contains("sending")) return; // it goes along with the form already
    this.input.value = "";
    this.add(files);
  }

  add(files) {
    const most = Number(this.words.most);
    this.#forgetError();
    for (const file of files) {
      const name = this.#nameFor(file);
      const waiting = this.all.find((row) => row.wants(file));
      if (waiting) {
        waiting.send(file);
        continue;
      }
      if (this.all.some((row) => row.is(file))) {
        this.say(this.words.known.replace("%(name)s", () => file.name));
        continue;
      }
      if (most === 1) for (const row of this.all) row.remove();
      if (this.rows.size >= most) {
        this.#tell(this.words.tooMany.replace("%(num)s", most));
        break;
      }
      const row = new Row(this, document.importNode(this.mould, true), { key: newKey(), name, size: file.size });
      this.#put(row);
      this.list.append(row.element);
      if (!file.size) row.refuse(this.words.empty);
      else if (this.words.limit && file.size > Number(this.words.limit)) row.refuse(this.words.tooLarge.replace("%(size)s", sizeOf(Number(this.words.limit))));
      else {
        keep(row.key, file, this.place, name);
        row.send(file);
        this.say(this.words.begun.replace("%(name)s", () => name));
      }
    }
    this.list.lastElementChild?.scrollIntoView({ block: "nearest" });
    this.changed();
  }

  /** All that is in these folders, and in those below them. */
  async addFolders(folders) {
    const files = [];
    for (const folder of folders) await gather(folder, files);
    this.add(files);
  }

  #put(row) {
    this.rows.set(row.key, row);
  }

  // What the clipboard holds has no name of its own; two of the same name are told apart.
  #nameFor(file) {
    let name = file.name.normalize();
    const plain = /^image(\.\w+)$/.exec(name);
    if (plain) name = `${this.words.screenshot} ${today()}${plain[1]}`;
    const [, stem, ending] = /^(.*?)(\.[^.]*)?$/s.exec(name);
    const taken = new Set(this.all.map((row) => row.name));
    for (let count = 2; plain && taken.has(name); count++) name = `${stem} (${count})${ending ?? ""}`;
    return name;
  }

  // What did not arrive before the page was left: from the copy in this browser, or once more picked by hand.
  async #goOn() {
    for (const row of this.all) if (row.state === "receiving") await row.goOn();
    const unknown = keptFor(this.place).filter((key) => !this.rows.has(key));
    for (const key of unknown) {
      const [file, answer] = await Promise.all([recall(key), fetch(`/files/${key}`, { headers: headersWith(this.token) }).catch(() => null)]);
      if (!file || answer?.ok) forget(key); // the server has it, and it belongs to something by now
      else if (!this.rows.has(key)) {
        const row = new Row(this, document.importNode(this.mould, true), { key, name: noteOf(key)?.name ?? file.name, size: file.size });
        this.#put(row);
        this.list.append(row.element);
        row.send(file, { isBegun: true });
      }
    }
    this.changed();
  }

  /** A row came, went, or is somewhere else on its way. */
  changed() {
    this.list.hidden = !this.rows.size;
    this.#offerAll();
    if (this.#held) this.#look();
    else if (this.#isStuck && !this.#reason()?.row) this.#release();
    this.form.dispatchEvent(new CustomEvent("files:changed", { bubbles: true }));
  }

  drop(row) {
    const rows = this.all;
    const at = rows.indexOf(row);
    const hadFocus = row.element.contains(document.activeElement);
    this.rows.delete(row.key);
    row.element.remove();
    const beside = rows[at + 1] ?? rows[at - 1];
    if (hadFocus) (beside?.element.querySelector(".remove") ?? this.form.querySelector(".files-pick"))?.focus();
    this.changed();
  }

  // What the server said of the files was said before these came.
  #forgetError() {
    this.form.querySelector("#files-error")?.remove();
    const line = document.querySelector(`.notice a[href="#${this.input.id}"]`)?.closest("li");
    const notice = line?.closest(".notice");
    (line?.matches(":only-child") ? notice : notice?.querySelector("strong"))?.remove(); // it counts what is wrong
    line?.remove();
  }

  // ---------- One answer for many ----------

  #offerAll() {
    for (const offer of this.offers) {
      const count = this.#those(offer).length;
      const line = offer.querySelector("[role=status]");
      const sentence = count > 1 ? offer.dataset.said.replace("%(num)s", count) : "";
      if (line.textContent !== sentence) line.textContent = sentence;
      offer.hidden = count < 2;
    }
  }

  #those(offer) {
    return this.all.filter(({ state, mayTryAgain }) => state === offer.dataset.state && !mayTryAgain);
  }

  async #doForAll(offer, act) {
    for (const row of this.#those(offer)) await (act === "remove" ? row.remove({ isSaid: true }) : row.choose(act));
    if (offer.hidden) (this.list.querySelector(".remove") ?? this.form.querySelector(".files-pick"))?.focus();
  }

  // ---------- Sending the form ----------

  /** Whether the form has to wait for its files; it is sent by itself then. */
  mustWait(submitter) {
    const wait = this.#reason();
    if (!wait) {
      this.#release();
      return false;
    }
    this.#held = { submitter };
    this.#look();
    return true;
  }

  #reason() {
    const needs = (state) => this.all.find((row) => row.state === state);
    const found = ["refused", "pick", "asks"].map(needs).find(Boolean);
    if (found) return { sentence: this.words[`${found.mayTryAgain ? "again" : found.state}First`].replace("%(name)s", () => found.name), row: found };
    return this.all.some((row) => row.isOnItsWay) ? { sentence: this.words.holds } : null;
  }

  #look() {
    clearTimeout(this.#looking);
    const wait = this.#reason();
    if (!wait) {
      const { submitter } = this.#held;
      this.#release();
      this.form.requestSubmit(submitter?.isConnected ? submitter : undefined);
      return;
    }
    this.#tell(wait.sentence, !wait.row);
    if (wait.row) {
      this.#held = null;
      this.#isStuck = true;
      const offer = this.offers.find((one) => !one.hidden && this.#those(one).includes(wait.row));
      (offer ?? wait.row.element).scrollIntoView({ block: "center" });
      (offer?.querySelector("button") ?? wait.row.answer).focus({ preventScroll: true });
    } else this.#looking = setTimeout(() => this.#held && this.#look(), 500);
  }

  #release() {
    this.#held = null;
    this.#isStuck = false;
    clearTimeout(this.#looking);
    this.#tell("");
  }

  #tell(sentence, mayStop = false) {
    const line = this.note.querySelector("span");
    if (line.textContent !== sentence) line.textContent = sentence;
    this.note.querySelector("button").hidden = !mayStop;
    this.note.hidden = !sentence;
  }

  #take(ids) {
    for (const row of this.all.filter(({ id }) => ids.includes(id))) {
      this.#sent.set(row.id, row);
      row.rest();
      this.rows.delete(row.key);
      row.element.remove();
    }
    this.#release();
    this.changed();
  }

  #bringBack(ids) {
    for (const id of ids) {
      const row = this.#sent.get(id);
      if (!row || this.rows.has(row.key)) continue;
      this.#put(row);
      this.list.append(row.element);
    }
    this.changed();
  }

  // ---------- Saying ----------

  /** Said to screen readers, together with what else happens in this moment. */
  say(sentence) {
    this.#unsaid.push(sentence);
    this.#saying ||= setTimeout(() => {
      this.heard.textContent = this.#unsaid.splice(0).join(" ");
      this.#saying = 0;
    }, HEADLINE);
  }
}

let free = 0; // when the next question may be asked

function turn() {
  const now = performance.now();
  free = Math.max(now, free + APART);
  return new Promise((resolve) => setTimeout(resolve, free - now));
}

class Row {
  #timer = 0;
  #since = 0; // ms, when its check began
  #speed = 0; // bytes a second, smoothed
  #last = null; // {at, bytes}
  mayTryAgain = false; // it was refused, for a reason that may be gone by now

  // `about` what is new; else the element is as the server wrote it.
  constructor(list, element, about) {
    const { key, name, size, id = 0, received = 0, state = "queued" } = about ?? {
      ...element.dataset,
      id: Number(element.dataset.id),
      size: Number(element.dataset.size),
      received: Number(element.dataset.received),
    };
    Object.assign(this, { list, element, key, name, size, id, received, state, words: list.words, sending: null, file: null });
    this.line = element.querySelector(".upload-state");
    Object.assign(element.dataset, { key, name, size });
    this.bar = element.querySelector("progress");
    this.again = element.querySelector(".again");
    this.question = element.querySelector(".upload-asks");
    this.checkbox = element.querySelector('[name="file_ids"]');
    element.querySelector(".upload-name").textContent = name;
    element.querySelector(".upload-name").title = name;
    element.querySelector(".remove .visually-hidden").textContent = this.words.remove.replace("%(name)s", () => name);
    this.bar.setAttribute("aria-label", this.words.progress.replace("%(name)s", () => name));
    element.querySelector(".remove").addEventListener("click", () => this.remove({ isSaid: true }));
    this.again.addEventListener("click", () => this.sending?.start());
    for (const button of this.question.querySelectorAll("button")) button.addEventListener("click", () => this.choose(button.value));
    if (about) return;
    this.#show({ id, state, refusal: this.line.textContent.trim() }, { isKnown: true });
    this.question.hidden = state !== "asks";
    if (state === "asks") this.#ask(0); // what of it can be taken out does not stand there
  }

  /** Sent, or looked at by the server in its first moments: a form that is sent now waits for it. */
  get isOnItsWay() {
    return ["queued", "sending", "lost", "elsewhere", "arrived", "receiving"].includes(this.state) || (this.state === "checking" && Date.now() - this.#since < PATIENCE);
  }

  /** The button for what this row waits for. */
  get answer() {
    if (this.mayTryAgain) return this.again;
    return this.element.querySelector(this.state === "asks" ? ".upload-asks button" : ".remove");
  }

  /** Whether this is the very file, on its way or there. */
  is({ name, size, lastModified }) {
    return this.state !== "refused" && this.file?.name === name && this.file.size === size && this.file.lastModified === lastModified;
  }

  /** Whether this row waits for such a file to be picked once more. */
  wants({ name, size, lastModified }) {
    if (this.state !== "pick" || this.size !== size) return false;
    const note = noteOf(this.key);
    return note ? note.original === name && note.modified === lastModified : this.name === name.normalize();
  }

  // ---------- On its way ----------

  /** Send the file, from where the server has it if it was begun. */
  send(file, { isBegun = this.received > 0 } = {}) {
    this.file = file;
    this.sending = new Sending({
      file,
      key: this.key,
      name: this.name,
      place: this.list.place,
      token: this.list.token,
      isBegun,
      tell: {
        queued: () => this.#be("queued", this.received ? this.words.goesOn.replace("%(share)s", this.#share) : this.words.waits),
        moved: (bytes) => this.#move(bytes),
        elsewhere: () => this.#be("elsewhere", this.words.elsewhere),
        lost: (sentence) => this.#lose(sentence),
        arrived: () => this.#arrive(),
        refused: (sentence, status) => this.refuse(status === 401 ? this.words.signedOut : sentence, { mayTryAgain: status === 401 }),
      },
    });
    this.sending.start();
  }

  /** Go on with what did not arrive before the page was left. */
  async goOn() {
    const file = await recall(this.key);
    if (file?.size === this.size) this.send(file, { isBegun: true });
    else {
      this.#be("pick", this.words.pick.replace("%(share)s", this.#share));
      this.#progress(this.received);
    }
  }

  get #share() {
    return shareOf(this.received, this.size);
  }

  #move(bytes) {
    this.received = bytes;
    const now = performance.now();
    if (this.state !== "sending") this.#last = null;
    if (!this.#last) this.#last = { at: now, bytes };
    else if (now - this.#last.at > 500) {
      const speed = Math.max(0, (1000 * (bytes - this.#last.bytes)) / (now - this.#last.at));
      this.#speed = this.#speed ? 0.7 * this.#speed + 0.3 * speed : speed;
      this.#last = { at: now, bytes };
    }
    const of = this.words.of.replace("%(done)s", sizeOf(bytes)).replace("%(size)s", sizeOf(this.size));
    this.#be("sending", [of, this.#share, this.#left()].filter(Boolean).join(" · "));
    this.#progress(bytes);
  }

  // How long it will take, where that is worth knowing.
  #left() {
    const seconds = this.#speed ? (this.size - this.received) / this.#speed : 0;
    if (seconds < 20) return "";
    const minutes = Math.round(seconds / 60);
    return minutes < 2 ? this.words.minute : this.words.minutes.replace("%(num)s", minutes);
  }

  async #lose(sentence) {
    const wasLost = this.state === "lost";
    this.#be("lost", sentence || this.words.lost.replace("%(share)s", this.#share));
    this.again.hidden = false;
    if (!wasLost) this.list.say(`${this.name}: ${this.line.textContent}`);
    if (await isReadable(this.file)) return;
    // The file on the device is another one by now: what was kept is what was begun.
    const copy = await recall(this.key);
    if (copy) {
      this.file = this.sending.file = copy;
    } else {
      this.sending.stop();
      this.refuse(this.words.changed);
    }
  }

  #arrive() {
    forget(this.key);
    this.received = this.size;
    this.#since = Date.now();
    this.#be("arrived", this.words.checking);
    this.#ask(0);
  }

  // ---------- What the server makes of it ----------

  // Ask until there is nothing more to find out.
  #ask(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      await turn();
      if (!this.element.isConnected) return;
      let found = null;
      try {
        const answer = await fetch(`/files/${this.key}`, { headers: headersWith(this.list.token) });
        if (answer.ok) found = await answer.json();
        else if (answer.status === 404) return this.refuse(""); // taken away meanwhile
      } catch {
        // asked again
      }
      if (found) this.#show(found);
      if (!found || ["receiving", "checking"].includes(found.state)) this.#ask(Math.min(SELDOM, Math.max(SOON, pause * 1.33)));
    }, pause);
  }

  #show({ id, size, state, refusal, findings, removable = true, strip_failed: isStripFailed }, { isKnown = false } = {}) {
    if (size) this.size = size; // less, once something was taken out
    this.id = id;
    Object.assign(this.element.dataset, { id, size: this.size });
    if (state === "receiving") return;
    if (state === "refused") {
      this.refuse(refusal);
      return;
    }
    this.checkbox.value = id;
    this.checkbox.checked = true;
    this.checkbox.disabled = false;
    this.#since ||= Date.now();
    if (state === "checking") {
      this.#be("checking", `${sizeOf(this.size)} · ${this.words.checking}`);
      if (isKnown) this.#ask(SOON);
    } else if (state === "asks") {
      const items = (findings ?? []).map((finding) => Object.assign(document.createElement("li"), { textContent: finding }));
      if (findings) this.question.querySelector("ul").replaceChildren(...items);
      this.question.querySelector(".error").hidden = !isStripFailed;
      this.question.querySelector('[value="strip"]').hidden = !removable;
      this.#be("asks", `${sizeOf(this.size)} · ${this.words.asks}`);
      if (!isKnown) this.list.say(`${this.name}: ${this.words.asks}`);
    } else {
      this.#be("ready", `${sizeOf(this.size)} · ${this.words.ready}`);
      if (!isKnown) this.list.say(`${this.name}: ${this.words.ready}`);
    }
  }

  /** Decide what is done with what the file tells: "strip" or "keep". */
  async choose(choice) {
    const hadFocus = this.question.contains(document.activeElement);
    const body = new URLSearchParams({ csrf_token: this.list.token, choice });
    for (const one of this.question.querySelectorAll("button")) one.disabled = true;
    try {
      const answer = await fetch(`/files/${this.id}/choice`, { method: "POST", body, headers: headersWith(this.list.token) });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#since = Date.now();
      this.#be("checking", `${sizeOf(this.size)} · ${this.words.checking}`);
      if (hadFocus) this.element.querySelector(".remove").focus();
      this.#ask(0);
    } catch {
      this.line.textContent = this.words.failed;
    }
    for (const one of this.question.querySelectorAll("button")) one.disabled = false;
  }

  // Once said, the server need not keep it: who comes back later begins anew.
  refuse(sentence, { mayTryAgain = false } = {}) {
    if (!mayTryAgain) this.#letGo(this.id || this.received || this.sending?.isBegun);
    this.mayTryAgain = mayTryAgain;
    this.#be("refused", sentence || this.words.refused);
    this.again.hidden = !mayTryAgain;
    this.checkbox.disabled = true;
    this.list.say(`${this.name}: ${this.line.textContent}`);
  }

  remove({ isSaid = false } = {}) {
    this.rest();
    this.sending?.stop();
    if (this.state !== "refused" || this.mayTryAgain) this.#letGo(this.state !== "refused" || this.received);
    if (isSaid) this.list.say(this.words.removed.replace("%(name)s", () => this.name));
    this.list.drop(this);
  }

  #letGo(isThere) {
    forget(this.key);
    if (isThere) fetch(`/files/${this.key}`, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0", ...headersWith(this.list.token) }, keepalive: true }).catch(() => {}); // swept away later
  }

  /** Ask no more. */
  rest() {
    clearTimeout(this.#timer);
  }

  // ---------- Showing ----------

  #be(state, sentence) {
    const isNew = this.state !== state;
    this.state = state;
    if (state !== "refused") this.mayTryAgain = false;
    this.element.dataset.state = state;
    if (this.line.textContent !== sentence) this.line.textContent = sentence;
    if (!isNew) return;
    this.again.hidden = true;
    this.question.hidden = state !== "asks";
    this.bar.hidden = !["queued", "sending", "lost", "pick", "elsewhere"].includes(state);
    this.list.changed();
  }

  #progress(bytes) {
    this.bar.value = (100 * bytes) / this.size;
    this.bar.textContent = this.#share;
  }
}

// The files below an entry of the file system; what begins with a dot is the computer's own.
async function gather(entry, files) {
  if (entry.name.startsWith(".")) return;
  if (entry.isFile) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  else {
    const reader = entry.createReader();
    const read = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    for (let some = await read(); some.length; some = await read()) for (const below of some) await gather(below, files); // a hundred at a time
  }
}

const today = () => {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
};

// The browser's own way is missing where the page came without encryption.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
