// The row of buttons: one stop in the tab order, arrow keys within (WAI-ARIA toolbar pattern).
import { COMMANDS } from "./commands.js";

// name of the command and label → icon in the sprite
const GROUPS = [
  { bold: "bold", italic: "italic", strike: "strikethrough" },
  { bulletList: "list", orderedList: "list-numbers", outdent: "indent-decrease", indent: "indent-increase" },
  { quote: "quote", link: "link", table: "table-plus", code: "code" },
  { heading1: "h-1", heading2: "h-2", heading3: "h-3" },
  {
    rowAdd: "row-insert-bottom",
    rowDelete: "row-remove",
    columnAdd: "column-insert-right",
    columnDelete: "column-remove",
    tableDelete: "table-off",
  },
  { undo: "arrow-back-up", redo: "arrow-forward-up" },
];
const KEYS = { bold: "Control+B", italic: "Control+I", link: "Control+K", undo: "Control+Z", redo: "Control+Y" };

export function makeButton(name, icon, { labels, icons }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "composer-button";
  button.dataset.command = name;
  button.setAttribute("aria-label", labels[name]);
  button.title = labels[name];
  if (icons) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${icons}#${icon}`);
    svg.append(use);
    button.append(svg);
  } else button.textContent = labels[name];
  return button;
}

export class Toolbar {
  constructor({ labels, icons, editorId, run, leave, toggleMode }) {
    this.element = document.createElement("div");
    this.element.className = "composer-toolbar";
    this.element.setAttribute("role", "toolbar");
    this.element.setAttribute("aria-label", labels.toolbar);
    this.element.setAttribute("aria-controls", editorId);
    this.buttons = new Map();
    this.rich = true;
    for (const group of GROUPS) {
      const box = document.createElement("div");
      box.className = "composer-group";
      for (const [name, icon] of Object.entries(group)) {
        const button = makeButton(name, icon, { labels, icons });
        if (KEYS[name]) button.setAttribute("aria-keyshortcuts", KEYS[name]);
        // The selection in the text stays while a button is pressed with the mouse.
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => button.ariaDisabled !== "true" && run(name));
        this.buttons.set(name, button);
        box.append(button);
      }
      this.element.append(box);
    }
    this.mode = document.createElement("button");
    this.mode.type = "button";
    this.mode.className = "composer-button composer-mode";
    this.mode.addEventListener("click", toggleMode);
    this.element.append(this.mode);
    this.labels = labels;
    this.showMode(true);
    this.element.addEventListener("keydown", (event) => this.onKey(event, leave));
    this.element.addEventListener("focusin", (event) => this.makeStop(event.target));
  }

  usable() {
    return [...this.element.querySelectorAll("button")].filter((button) => !button.closest("[hidden]"));
  }

  makeStop(button) {
    for (const other of this.element.querySelectorAll("button")) other.tabIndex = other === button ? 0 : -1;
    this.stop = button;
  }

  focus() {
    (this.usable().includes(this.stop) ? this.stop : this.usable()[0]).focus();
  }

  onKey(event, leave) {
    const buttons = this.usable();
    const index = buttons.indexOf(document.activeElement);
    const goal = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
    if (goal !== undefined) buttons.at(goal % buttons.length).focus();
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  showMode(rich) {
    this.rich = rich;
    this.mode.textContent = rich ? this.labels.plain : this.labels.rich;
    for (const group of this.element.querySelectorAll(".composer-group")) group.hidden = !rich;
    this.makeStop(this.usable().includes(this.stop) ? this.stop : this.usable()[0]);
  }

  update(state, linkActive) {
    for (const [name, button] of this.buttons) {
      const command = COMMANDS[name];
      if (command?.shown) button.hidden = !command.shown(state);
      if (name === "link") button.ariaPressed = String(linkActive);
      if (!command) continue;
      if (command.pressed) button.ariaPressed = String(Boolean(command.pressed(state)));
      button.ariaDisabled = String(!command.run(state));
    }
    const boxes = this.rich ? this.element.querySelectorAll(".composer-group") : [];
    for (const box of boxes) box.hidden = [...box.children].every((button) => button.hidden);
    if (!this.usable().includes(this.stop)) {
      const lost = document.activeElement === this.stop;
      this.makeStop(this.usable()[0]);
      if (lost) this.stop.focus();
    }
  }
}
