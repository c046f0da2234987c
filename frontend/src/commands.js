// What the buttons and keys do.
import { lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { liftListItem, sinkListItem, wrapInList } from "prosemirror-schema-list";
import { addColumnAfter, addRowAfter, deleteColumn, deleteRow, deleteTable, isInTable } from "prosemirror-tables";

import { schema } from "./schema.js";
import { add, insertTable, remove } from "./tables.js";

const { nodes, marks } = schema;

export function ancestor(state, types) {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth--)
    if (types.includes($from.node(depth).type)) return { node: $from.node(depth), pos: $from.before(depth), depth };
  return null;
}

export function hasMark(state, type) {
  const { from, to, $from, empty } = state.selection;
  return empty ? Boolean(type.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, type);
}

const inList = (state) => ancestor(state, [nodes.bullet_list, nodes.ordered_list]);

function mark(type) {
  return { run: toggleMark(type), pressed: (state) => hasMark(state, type) };
}

function heading(level) {
  const pressed = (state) => {
    const { parent } = state.selection.$from;
    return parent.type === nodes.heading && parent.attrs.level === level;
  };
  const run = (state, dispatch) =>
    pressed(state) ? setBlockType(nodes.paragraph)(state, dispatch) : setBlockType(nodes.heading, { level })(state, dispatch);
  return { run, pressed };
}

function list(type) {
  const pressed = (state) => inList(state)?.node.type === type;
  const run = (state, dispatch) => {
    const current = inList(state);
    if (!current) return wrapInList(type)(state, dispatch);
    if (current.node.type === type) return liftListItem(nodes.list_item)(state, dispatch);
    dispatch?.(state.tr.setNodeMarkup(current.pos, type, { tight: current.node.attrs.tight }));
    return true;
  };
  return { run, pressed };
}

const quotePressed = (state) => Boolean(ancestor(state, [nodes.blockquote]));

export const COMMANDS = {
  undo: { run: undo },
  redo: { run: redo },
  bold: mark(marks.strong),
  italic: mark(marks.em),
  strike: mark(marks.strike),
  code: mark(marks.code),
  heading1: heading(1),
  heading2: heading(2),
  heading3: heading(3),
  bulletList: list(nodes.bullet_list),
  orderedList: list(nodes.ordered_list),
  outdent: { run: liftListItem(nodes.list_item), shown: inList },
  indent: { run: sinkListItem(nodes.list_item), shown: inList },
  quote: {
    run: (state, dispatch) => (quotePressed(state) ? lift(state, dispatch) : wrapIn(nodes.blockquote)(state, dispatch)),
    pressed: quotePressed,
  },
  table: { run: insertTable },
  rowAdd: { run: add(addRowAfter, 1, 0), shown: isInTable },
  rowDelete: { run: remove(deleteRow), shown: isInTable },
  columnAdd: { run: add(addColumnAfter, 0, 1), shown: isInTable },
  columnDelete: { run: remove(deleteColumn), shown: isInTable },
  tableDelete: { run: deleteTable, shown: isInTable },
};
