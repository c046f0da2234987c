// Putting text in where somebody writes, in the rich editor or the plain field.

/** At the cursor, in the place of the `length` characters before it. `field` is around the textarea and its editor. */
export function insert(field, textarea, text, length = 0) {
  const rich = field.querySelector(".composer-text");
  if (rich && textarea.hidden) {
    rich.focus();
    const selection = getSelection();
    for (let left = length; left > 0; left--) selection.modify("extend", "backward", "character");
    document.execCommand("insertText", false, text); // the one way that every editor hears, and that can be undone
    return;
  }
  const { selectionStart: start, selectionEnd: end } = textarea;
  textarea.focus();
  textarea.setRangeText(text, start - length, end, "end");
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}
