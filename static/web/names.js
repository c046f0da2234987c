// Whom one may mean: behind a typed "@" a list of those who read there. Arrows choose, Enter or Tab takes, Escape leaves.
//
// `say` is the place to write in: form, text (its textarea, the list comes behind it), field (around textarea and editor),
// ask(part) a promise of the people or null, signal (when it is over).

import { insert } from "./insertion.js";

const BEGINNING = /(?:^|[\s(„"])@([\p{L}\p{M}.'’ -]{0,40})$/u;
const PAUSE = 120;
const me = Number(document.documentElement.dataset.me);

export class Names {
  #known = new Map(); // what was asked before
  #timer = 0;
  #part = null;
  #people = [];
  #chosen = 0;

  constructor(say) {
    this.say = say;
    this.list = document.createElement("ul");
    this.list.className = "offer";
    this.list.id = "offered-names";
    this.list.role = "listbox";
    this.list.hidden = true;
    this.list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      event.preventDefault();
      this.#take([...this.list.children].indexOf(option));
    });
    say.text.after(this.list);
    document.addEventListener("focusin", ({ target }) => say.form.contains(target) || this.#hide(), { signal: say.signal });
  }

  /** Something was typed. */
  look() {
    clearTimeout(this.#timer);
    const part = BEGINNING.exec(this.#before())?.[1];
    if (part === undefined || this.#isSettled(part)) {
      this.#hide();
      return;
    }
    this.#part = part;
    // What is shown must fit what is typed at every moment: Enter takes it.
    if (!this.list.hidden) this.#show(this.#people.filter(({ name }) => name.toLowerCase().includes(part.toLowerCase())));
    this.#timer = setTimeout(() => this.#ask(part), PAUSE);
  }

  // A whole name stands there already, or nobody is called like its beginning.
  #isSettled(part) {
    return [...this.#known].some(
      ([asked, people]) => people.some(({ name }) => part.startsWith(name)) || (!people.length && part.startsWith(asked)),
    );
  }

  /** Whether the key was for the list. */
  key({ key, shiftKey }) {
    if (this.list.hidden || shiftKey) return false;
    const count = this.#people.length;
    if (key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
    else if (key === "ArrowUp") this.#choose((this.#chosen + count - 1) % count);
    else if (key === "Enter" || key === "Tab") this.#take(this.#chosen);
    else if (key === "Escape") this.#hide();
    else return false;
    return true;
  }

  // What stands before the cursor, on its line.
  #before() {
    const { text, field } = this.say;
    if (!text.hidden) return text.value.slice(0, text.selectionStart).split("\n").at(-1);
    const { anchorNode: node, anchorOffset: offset } = getSelection();
    return node?.nodeType === Node.TEXT_NODE && field.contains(node) ? node.data.slice(0, offset) : "";
  }

  async #ask(part) {
    if (!this.#known.has(part)) {
      const people = await this.say.ask(part);
      if (!people) return;
      this.#known.set(part, people.filter(({ id }) => id !== me));
    }
    if (this.#part === part) this.#show(this.#known.get(part));
  }

  #show(people) {
    this.#people = people;
    if (!people.length) {
      this.#hide();
      return;
    }
    this.list.replaceChildren(...people.map((person, place) => this.#option(person, place)));
    this.list.hidden = false;
    const field = this.#field;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.list.id);
    this.#choose(0);
  }

  #option({ name, initials, colour, picture }, place) {
    const option = document.createElement("li");
    option.role = "option";
    option.id = `offered-name-${place}`;
    const face = document.createElement(picture ? "img" : "span");
    face.className = "avatar s32";
    if (picture) Object.assign(face, { src: picture, alt: "" });
    else {
      face.dataset.colour = colour;
      face.ariaHidden = "true";
      face.textContent = initials;
    }
    const label = document.createElement("span");
    label.textContent = name;
    option.append(face, label);
    return option;
  }

  get #field() {
    return this.say.text.hidden ? this.say.field.querySelector(".composer-text") : this.say.text;
  }

  #choose(place) {
    this.#chosen = place;
    for (const [index, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", index === place);
    const option = this.list.children[place];
    this.#field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  #take(place) {
    const { name } = this.#people[place];
    const typed = this.#part.length + 1;
    this.#hide();
    insert(this.say.field, this.say.text, `@${name} `, typed);
  }

  #hide() {
    clearTimeout(this.#timer);
    this.#part = null;
    this.list.hidden = true;
    for (const name of ["aria-activedescendant", "aria-controls"]) this.#field?.removeAttribute(name);
  }
}
