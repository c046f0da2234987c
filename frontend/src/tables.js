// Tables as GFM has them: the first row is the header, a cell is one line of words.
import { TextSelection } from "prosemirror-state";
import { addRowAfter, deleteRow, goToNextCell, isInTable, selectedRect, TableMap } from "prosemirror-tables";
import { Fragment, Slice } from "prosemirror-model";

import { schema } from "./schema.js";

const { table, table_row, table_header, table_cell, paragraph } = schema.nodes;

export function insertTable(state, dispatch) {
  if (isInTable(state) || state.selection.$from.parent.type.spec.code) return false;
  if (dispatch) {
    const row = (type) => table_row.create(null, [0, 1, 2].map(() => type.create()));
    const tr = state.tr.replaceSelectionWith(table.create(null, [row(table_header), row(table_cell), row(table_cell)]));
    let start = null;
    const near = tr.mapping.map(state.selection.from, -1);
    tr.doc.descendants((node, pos) => {
      if (node.type === table && pos + node.nodeSize >= near && start === null) start = pos + 3;
      return !node.isTextblock;
    });
    dispatch(tr.setSelection(TextSelection.create(tr.doc, start)).scrollIntoView());
  }
  return true;
}

function moveTo(view, { tableStart, map }, row, column) {
  const { doc } = view.state;
  const position = tableStart + map.map[row * map.width + column] + 1;
  const end = position + doc.resolve(position).parent.content.size;
  view.dispatch(view.state.tr.setSelection(TextSelection.create(doc, end)).scrollIntoView());
}

// Puts a row or column in and goes there.
export const add = (command, down, right) => (state, dispatch, view) => {
  if (!dispatch) return command(state);
  const before = selectedRect(state);
  if (!command(state, dispatch)) return false;
  const map = TableMap.get(view.state.doc.nodeAt(before.tableStart - 1));
  moveTo(view, { tableStart: before.tableStart, map }, before.top + down, before.left + right);
  return true;
};

// Takes a row or column out and stays in the table, as long as there is one.
export const remove = (command) => (state, dispatch, view) => {
  if (!dispatch) return command(state);
  const before = selectedRect(state);
  if (!command(state, dispatch)) return false;
  const start = view.state.doc.nodeAt(before.tableStart - 1);
  if (start?.type !== table) return true;
  const map = TableMap.get(start);
  const goal = [Math.min(before.top, map.height - 1), Math.min(before.left, map.width - 1)];
  moveTo(view, { tableStart: before.tableStart, map }, ...goal);
  return true;
};

// As in Word: Tab in the last cell adds a row.
export function nextCell(state, dispatch, view) {
  if (!isInTable(state)) return false;
  if (goToNextCell(1)(state, dispatch)) return true;
  if (!dispatch) return true;
  addRowAfter(state, dispatch);
  const rect = selectedRect(view.state);
  moveTo(view, rect, rect.bottom, 0);
  return true;
}

// As in Excel: Enter goes down. Below the last row it adds one; from an empty last row it leaves the table.
export function cellBelow(state, dispatch, view) {
  if (!isInTable(state)) return false;
  if (!dispatch) return true;
  const rect = selectedRect(state);
  const last = rect.bottom === rect.map.height;
  if (last && rect.map.height > 2 && !rect.table.lastChild.textContent) {
    deleteRow(state, dispatch);
    const { $from } = view.state.selection;
    for (let depth = $from.depth; depth > 0; depth--) {
      if ($from.node(depth).type !== table) continue;
      const after = $from.after(depth);
      const tr = view.state.tr;
      if ($from.node(depth - 1).maybeChild($from.index(depth - 1) + 1)?.type !== paragraph) tr.insert(after, paragraph.create());
      view.dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve(after + 1))).scrollIntoView());
      break;
    }
    return true;
  }
  if (last) addRowAfter(state, dispatch);
  moveTo(view, selectedRect(view.state), rect.bottom, rect.left);
  return true;
}

// Whatever was added or removed, the first row is the header and no other is.
export function straightenHeaders(doc, tr) {
  doc.descendants((node, pos) => {
    if (node.type !== table) return !node.isTextblock;
    node.forEach((row, rowOffset, index) => {
      const wanted = index === 0 ? table_header : table_cell;
      row.forEach((cell, cellOffset) => {
        if (cell.type !== wanted) tr.setNodeMarkup(pos + 1 + rowOffset + 1 + cellOffset, wanted, cell.attrs, cell.marks);
      });
    });
    return true;
  });
  return tr;
}

// Several paragraphs pasted into one cell become one line.
export function asOneLine(slice) {
  const inline = [];
  let gap = false;
  slice.content.descendants((node) => {
    if (node.isTextblock) {
      if (inline.length && node.content.size) gap = true;
      return true;
    }
    if (!node.isInline) return true;
    const isBreak = node.type.name === "hard_break";
    if (gap || isBreak) inline.push(schema.text(" "));
    gap = false;
    if (!isBreak) inline.push(node);
    return false;
  });
  return new Slice(Fragment.fromArray(inline), 0, 0);
}
