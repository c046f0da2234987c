// The Word-like editor in place of a textarea. The textarea stays the field of the form: it always holds the text as
// CommonMark, and hears an `input` event on every change. The contract with the page: static/web/composer.js.
import { history } from "prosemirror-history";
import { Slice } from "prosemirror-model";
import { AllSelection, EditorState, Plugin, TextSelection } from "prosemirror-state";
import { isInTable, tableEditing } from "prosemirror-tables";
import { Decoration, DecorationSet, EditorView } from "prosemirror-view";

import { COMMANDS, hasMark } from "./commands.js";
import { keyPlugins } from "./keys.js";
import { labelsFrom } from "./labels.js";
import { openLinkDialog } from "./link.js";
import { parse } from "./markdown.js";
import { meaning } from "./meaning.js";
import { cleanPasted } from "./paste.js";
import { schema } from "./schema.js";
import { serialize } from "./serialize.js";
import { asOneLine, straightenHeaders } from "./tables.js";
import { Toolbar } from "./toolbar.js";

const { paragraph, hard_break, table, code_block, horizontal_rule } = schema.nodes;
// Stands for the cursor while a text is read; from Unicode's private area, so nobody writes it.
const CURSOR = "\ue0c5";

// Nothing may be lost silently: a text is edited richly only if it can be written back with the same meaning.
const isSafe = (markdown) => meaning(serialize(parse(markdown))) === meaning(markdown);

// Below a table, a code block or a rule there is always a line to go on writing; no key would lead out of them.
function needsLineBelow(doc) {
  let node = doc;
  while (node.lastChild?.isBlock && node.type !== table) node = node.lastChild;
  return [table, code_block, horizontal_rule].includes(node.type);
}

function tidy(transactions, _before, state) {
  if (!transactions.some((transaction) => transaction.docChanged)) return null;
  const tr = straightenHeaders(state.doc, state.tr);
  if (needsLineBelow(state.doc)) tr.insert(tr.doc.content.size, paragraph.create());
  return tr.docChanged ? tr : null;
}

// "Everything" reaches into the gaps between blocks, which no button can do anything with: take all words instead.
function wordsInsteadOfEverything(state) {
  if (!(state.selection instanceof AllSelection)) return null;
  let end = null;
  state.doc.descendants((node, pos) => {
    if (node.isTextblock && (node.content.size || end === null)) end = pos + 1 + node.content.size;
  });
  return state.tr.setSelection(TextSelection.between(TextSelection.atStart(state.doc).$from, state.doc.resolve(end)));
}

function placeholder(state) {
  const { doc } = state;
  if (doc.childCount !== 1 || doc.firstChild.type !== paragraph || doc.firstChild.content.size) return null;
  return DecorationSet.create(doc, [Decoration.node(0, doc.firstChild.nodeSize, { class: "composer-empty" })]);
}

function plainTextToSlice(text, $context, _plain, view) {
  if ($context.parent.type.spec.code) return null;
  const blocks = text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n\s*/).filter((block) => block.trim());
  const marks = view.state.storedMarks ?? $context.marks();
  const paragraphs = blocks.map((block) => {
    const content = block.split("\n").flatMap((line, i) => [
      ...(i ? [hard_break.create()] : []),
      ...(line ? [schema.text(line, marks)] : []),
    ]);
    return paragraph.create(null, content);
  });
  const slice = Slice.maxOpen(schema.node("doc", null, paragraphs.length ? paragraphs : [paragraph.create()]).content);
  return slice;
}

class Composer {
  constructor(textarea, { labels, icons, preferPlain, remember }) {
    this.textarea = textarea;
    this.labels = labelsFrom(labels);
    this.remember = remember;
    this.written = null;
    this.speaking = false;
    this.hadFocus = false;

    this.element = document.createElement("div");
    this.element.className = "composer";
    this.note = document.createElement("p");
    this.note.className = "composer-note";
    this.note.setAttribute("role", "status");
    this.note.hidden = true;
    this.area = document.createElement("div");
    this.area.className = "composer-area";
    const id = `${textarea.id || `composer-${Math.random().toString(36).slice(2)}`}-editor`;
    this.hint = document.createElement("span");
    this.hint.id = `${id}-keys`;
    this.hint.className = "visually-hidden";
    this.hint.textContent = this.labels.keys;
    this.toolbar = new Toolbar({
      labels: this.labels,
      icons,
      editorId: id,
      run: (name) => this.run(name),
      leave: () => this.focus(),
      toggleMode: () => this.toggleMode(),
    });
    this.element.append(this.toolbar.element, this.note, this.area, this.hint);
    textarea.before(this.element);

    const [nameKeys, ...keys] = this.splitKeys();
    this.view = new EditorView(this.area, {
      state: EditorState.create({
        schema,
        plugins: [
          ...keys,
          history(),
          tableEditing({ allowTableNodeSelection: false }),
          new Plugin({ appendTransaction: tidy, props: { decorations: placeholder, handleKeyDown: nameKeys } }),
        ],
      }),
      attributes: () => this.attributes(id),
      editable: () => !textarea.disabled && !textarea.readOnly,
      dispatchTransaction: (transaction) => this.apply(transaction),
      // What was copied in an editor is already clean.
      transformPastedHTML: (html) => (/data-pm-slice=/.test(html) ? html : cleanPasted(html)),
      clipboardTextParser: plainTextToSlice,
      handlePaste: (view, event, slice) => this.paste(view, event, slice),
      handleDOMEvents: {
        focus: () => {
          this.hadFocus = true;
          return false;
        },
        blur: () => {
          if (this.changedSinceFocus) textarea.dispatchEvent(new Event("change", { bubbles: true }));
          this.changedSinceFocus = false;
          return false;
        },
        drop: (_view, event) => this.passOnFiles(event, event.dataTransfer),
      },
    });
    this.listen();
    if (preferPlain) this.showPlain();
    else this.showRich({ keepFocus: document.activeElement === textarea });
  }

  splitKeys() {
    const plugins = keyPlugins({
      toToolbar: () => (this.toolbar.focus(), true),
      editLink: () => (openLinkDialog(this.view, this.labels), true),
      submit: () => {
        if (!this.textarea.hasAttribute("data-submit-keys") || !this.textarea.form) return false;
        this.textarea.form.requestSubmit();
        return true;
      },
    });
    return [plugins.at(-1).noteKey, ...plugins.slice(0, -1)];
  }

  attributes(id) {
    const { textarea } = this;
    const label = [...(textarea.labels ?? [])].map((element) => element.textContent.trim()).join(" ");
    const attributes = {
      id,
      role: "textbox",
      class: "composer-text",
      "aria-multiline": "true",
      "aria-label": textarea.getAttribute("aria-label") ?? label,
      "aria-describedby": `${textarea.getAttribute("aria-describedby") ?? ""} ${this.hint.id}`.trim(),
      lang: textarea.closest("[lang]")?.lang || document.documentElement.lang,
      spellcheck: "true",
      "aria-required": String(textarea.required),
      "aria-readonly": String(textarea.readOnly),
    };
    if (textarea.placeholder) {
      attributes["data-placeholder"] = textarea.placeholder;
      attributes["aria-placeholder"] = textarea.placeholder;
    }
    for (const name of ["aria-invalid", "aria-errormessage"])
      if (textarea.hasAttribute(name)) attributes[name] = textarea.getAttribute(name);
    return attributes;
  }

  listen() {
    const { textarea } = this;
    textarea.addEventListener("input", () => {
      // Somebody else changed the text: a draft was restored, or the field emptied after sending.
      if (!this.speaking && this.isRich && textarea.value !== this.written) this.load();
    });
    textarea.form?.addEventListener("reset", () => setTimeout(() => this.isRich && this.load()));
    textarea.addEventListener("invalid", (event) => {
      // The browser cannot point at a hidden field.
      if (!this.isRich) return;
      event.preventDefault();
      textarea.setAttribute("aria-invalid", "true");
      this.say(textarea.validationMessage);
      this.focus();
    });
    // What is said about the field holds for the editor: an error, say, or that it is locked.
    const told = ["aria-invalid", "aria-describedby", "aria-errormessage", "aria-label", "disabled", "readonly", "required"];
    new MutationObserver(() => this.view.setProps({})).observe(textarea, { attributeFilter: told });
    for (const label of textarea.labels ?? []) label.addEventListener("click", () => this.isRich && this.focus());
  }

  get isRich() {
    return this.textarea.hidden;
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  // ------------------------------------------------------------------------------------------------- rich and plain

  // Reads the textarea into the editor; false if the text would not survive that.
  load(cursor = null) {
    const text = this.textarea.value;
    if (!isSafe(text)) {
      this.showPlain();
      this.say(this.labels.unsafe);
      return false;
    }
    const marked = cursor === null ? text : `${text.slice(0, cursor)}${CURSOR}${text.slice(cursor)}`;
    const doc = parse(text);
    let found = null;
    if (cursor !== null)
      parse(marked).descendants((node, pos) => {
        if (node.isText && node.text.includes(CURSOR)) found = pos + node.text.indexOf(CURSOR);
      });
    const fresh = EditorState.create({ doc, plugins: this.view.state.plugins });
    const tr = fresh.tr;
    // A text that ends in an empty line was left to be gone on with there.
    const leftOpen = cursor === null && /\S\s*\n[ \t]*\n\s*$/.test(text);
    if (needsLineBelow(doc) || leftOpen) tr.insert(doc.content.size, paragraph.create());
    const end = TextSelection.atEnd(tr.doc);
    const place = found === null || found > tr.doc.content.size ? end : TextSelection.near(tr.doc.resolve(found));
    tr.setSelection(place).setMeta("addToHistory", false);
    this.view.updateState(fresh.apply(tr));
    this.written = text;
    this.showState();
    return true;
  }

  showRich({ keepFocus = false } = {}) {
    this.say("");
    const { textarea } = this;
    const atEnd = textarea.selectionStart === textarea.value.length;
    if (!this.load(keepFocus && !atEnd ? textarea.selectionStart : null)) return false;
    textarea.hidden = true;
    this.area.hidden = false;
    this.element.dataset.mode = "rich";
    this.toolbar.showMode(true);
    this.showState();
    if (keepFocus) this.view.focus();
    return true;
  }

  showPlain() {
    this.textarea.hidden = false;
    this.area.hidden = true;
    this.element.dataset.mode = "plain";
    this.toolbar.showMode(false);
  }

  toggleMode() {
    if (this.isRich) {
      this.say("");
      this.showPlain();
      this.remember("plain");
      this.textarea.focus();
    } else if (this.showRich()) {
      this.remember("rich");
      this.view.focus();
    }
  }

  // ---------------------------------------------------------------------------------------------------- what changes

  apply(transaction) {
    const state = this.view.state.apply(transaction);
    this.view.updateState(state);
    if (transaction.docChanged) this.write();
    this.showState();
  }

  showState() {
    const { state } = this.view;
    const words = wordsInsteadOfEverything(state);
    const shown = words ? state.apply(words) : state;
    this.toolbar.update(shown, hasMark(shown, schema.marks.link));
  }

  write() {
    const text = serialize(this.view.state.doc);
    if (text === this.written) return;
    this.written = text;
    this.textarea.value = text;
    this.changedSinceFocus = true;
    if (this.textarea.validity.valid) {
      this.textarea.removeAttribute("aria-invalid");
      this.say("");
    }
    this.speaking = true;
    this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
    this.speaking = false;
  }

  run(name) {
    const words = wordsInsteadOfEverything(this.view.state);
    if (words) this.view.dispatch(words);
    if (name === "link") return openLinkDialog(this.view, this.labels);
    COMMANDS[name].run(this.view.state, this.view.dispatch, this.view);
    if (document.activeElement === document.body) this.view.focus();
  }

  paste(view, event, slice) {
    const data = event.clipboardData;
    if (data && !data.types.includes("text/html") && this.passOnFiles(event, data)) return true;
    const holdsTable = slice.content.firstChild?.type.spec.tableRole;
    if (!isInTable(view.state) || holdsTable) return false;
    view.dispatch(view.state.tr.replaceSelection(asOneLine(slice)).scrollIntoView());
    return true;
  }

  // Files are not the editor's business; whoever takes attachments can listen on the textarea.
  passOnFiles(event, data) {
    if (!data?.files.length) return false;
    event.preventDefault();
    const detail = { files: [...data.files] };
    this.textarea.dispatchEvent(new CustomEvent("composer:files", { bubbles: true, detail }));
    return true;
  }

  // Inserts a text from elsewhere (a quotation) at the cursor, or at the end while nobody has written here yet.
  insert(markdown) {
    if (!this.isRich) return false;
    const { view } = this;
    const content = parse(markdown).content;
    const tr = view.state.tr;
    if (content.childCount === 1 && content.firstChild.type === paragraph) {
      if (!this.hadFocus) tr.setSelection(TextSelection.atEnd(tr.doc));
      tr.replaceSelection(new Slice(content, 1, 1));
    } else {
      const index = this.hadFocus ? tr.selection.$from.index(0) : tr.doc.childCount - 1;
      const block = tr.doc.child(index);
      const start = tr.doc.resolve(0).posAtIndex(index);
      const after = start + block.nodeSize;
      const isEmpty = block.type === paragraph && !block.content.size;
      tr.replaceWith(isEmpty ? start : after, after, content);
      const end = (isEmpty ? start : after) + content.size;
      const next = tr.doc.resolve(end).nodeAfter;
      if (next?.type !== paragraph || next.content.size) tr.insert(end, paragraph.create());
      tr.setSelection(TextSelection.create(tr.doc, end + 1));
    }
    view.dispatch(tr.scrollIntoView());
    return true;
  }

  focus() {
    if (this.isRich) this.view.focus();
    else this.textarea.focus();
  }

  destroy() {
    this.showPlain();
    this.view.destroy();
    this.element.remove();
  }
}

export const mount = (textarea, options) => new Composer(textarea, options);
// For tests, and for anyone who wants to look at what a paste becomes.
export { cleanPasted, parse, serialize };
