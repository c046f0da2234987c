// Keys, and what typing "- " or "**so**" turns into.
import { baseKeymap, chainCommands, setBlockType } from "prosemirror-commands";
import { inputRules, InputRule, textblockTypeInputRule, undoInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem } from "prosemirror-schema-list";
import { TextSelection } from "prosemirror-state";
import { goToNextCell, isInTable, selectedRect } from "prosemirror-tables";

import { COMMANDS } from "./commands.js";
import { schema } from "./schema.js";
import { cellBelow, nextCell } from "./tables.js";

const { nodes, marks } = schema;

function markRule(pattern, type) {
  return new InputRule(pattern, (state, match, start, end) => {
    const text = match[1];
    if (!state.doc.resolve(start).parent.type.allowsMarkType(type)) return null;
    const delimiter = start + match[0].indexOf(text) - (type === marks.strong || type === marks.strike ? 2 : 1);
    const textStart = start + match[0].indexOf(text);
    const tr = state.tr.delete(textStart + text.length, end).delete(delimiter, textStart);
    return tr.addMark(delimiter, delimiter + text.length, type.create()).removeStoredMark(type);
  });
}

// "15. März" is no list: only 1. begins one.
const rules = inputRules({
  rules: [
    textblockTypeInputRule(/^(#{1,3})\s$/, nodes.heading, (match) => ({ level: match[1].length })),
    wrappingInputRule(/^\s*[-+*]\s$/, nodes.bullet_list),
    wrappingInputRule(/^\s*1[.)]\s$/, nodes.ordered_list),
    wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
    textblockTypeInputRule(/^```$/, nodes.code_block),
    markRule(/(?:^|[^*])\*\*([^*\s](?:[^*]*[^*\s])?)\*\*$/, marks.strong),
    markRule(/(?:^|[^*\w])\*([^*\s](?:[^*]*[^*\s])?)\*$/, marks.em),
    markRule(/(?:^|[^_\w])_([^_\s](?:[^_]*[^_\s])?)_$/, marks.em),
    markRule(/(?:^|[^~])~~([^~\s](?:[^~]*[^~\s])?)~~$/, marks.strike),
    markRule(/(?:^|[^`])`([^`]+)`$/, marks.code),
  ],
});

function lineBreak(state, dispatch) {
  if (isInTable(state)) return true;
  if (state.selection.$from.parent.type.spec.code) return false;
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
  return true;
}

// From a table (or quote, or code) at the very top, the arrow leads to a new line above it.
function lineAbove(state, dispatch, view) {
  const { $from, empty } = state.selection;
  const first = state.doc.firstChild;
  if (!empty || $from.index(0) > 0 || first.isTextblock !== Boolean(first.type.spec.code) || !view?.endOfTextblock("up")) return false;
  if (isInTable(state) ? selectedRect(state).top > 0 : $from.pos - $from.parentOffset - $from.depth > 0) return false;
  const tr = state.tr.insert(0, nodes.paragraph.create());
  dispatch?.(tr.setSelection(TextSelection.create(tr.doc, 1)).scrollIntoView());
  return true;
}

function headingToText(state, dispatch) {
  const { $from, empty } = state.selection;
  if (!empty || $from.parentOffset > 0 || $from.parent.type !== nodes.heading) return false;
  return setBlockType(nodes.paragraph)(state, dispatch);
}

export function keyPlugins({ toToolbar, editLink, submit }) {
  // Tab must never be a trap: after Esc it leaves the editor.
  let tabLeaves = false;
  const unlessLeaving = (command) => (state, dispatch, view) => !tabLeaves && command(state, dispatch, view);
  const noteKey = (_view, event) => {
    if (event.key === "Escape") tabLeaves = true;
    else if (!["Tab", "Shift"].includes(event.key)) tabLeaves = false;
    return false;
  };
  return [
    rules,
    keymap({
      Backspace: chainCommands(undoInputRule, headingToText),
      Enter: chainCommands(cellBelow, splitListItem(nodes.list_item)),
      "Shift-Enter": lineBreak,
      Tab: unlessLeaving(chainCommands(nextCell, sinkListItem(nodes.list_item))),
      "Shift-Tab": unlessLeaving(chainCommands(goToNextCell(-1), liftListItem(nodes.list_item))),
      ArrowUp: lineAbove,
      "Mod-b": COMMANDS.bold.run,
      "Mod-i": COMMANDS.italic.run,
      "Mod-Shift-x": COMMANDS.strike.run,
      "Mod-z": COMMANDS.undo.run,
      "Mod-y": COMMANDS.redo.run,
      "Mod-Shift-z": COMMANDS.redo.run,
      "Mod-k": editLink,
      "Mod-Enter": submit,
      "Alt-F10": toToolbar,
    }),
    keymap(baseKeymap),
    { noteKey },
  ];
}
