// The files of a message, made from the mould of the page as templates/attachments/parts.html makes them.

const PICTURES = ["png", "jpeg", "webp", "heic"];
const ICONS = { pdf: "file-type-pdf", docx: "file-description", odt: "file-description", rtf: "file-description", xlsx: "file-spreadsheet", ods: "file-spreadsheet", csv: "file-spreadsheet", pptx: "presentation", odp: "presentation", txt: "file-text", md: "file-text", png: "photo", jpeg: "photo", webp: "photo", heic: "photo", zip: "file-zip" };
const UNITS = ["KB", "MB", "GB"];
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });

/** The list of `files` as the message's data has them; `words` are those of the page. */
export function attached(mould, files, words, isOwn) {
  const [picture, open, closed] = mould.children;
  mould.replaceChildren(...files.map((data) => {
    if (data.state !== "ready") return named(closed, data, stateOf(data, words, isOwn));
    return PICTURES.includes(data.kind) && data.tile ? shown(picture, data) : named(open, data, "", words);
  }));
  return mould;
}

function shown(mould, { name, url, tile }) {
  const item = mould.cloneNode(true);
  const [link, image] = [item.querySelector("a"), item.querySelector("img")];
  [link.href, link.title] = [url, name];
  [image.alt, image.src] = [name, tile];
  return item;
}

function named(mould, { name, size, kind, url, is_remote }, state, words) {
  const item = mould.cloneNode(true);
  const title = item.querySelector(".file-name");
  const [facts, use] = [item.querySelector(".file-facts"), item.querySelector("use")];
  title.textContent = name;
  if (title.href) title.href = url;
  facts.firstElementChild.textContent = sizeOf(size);
  if (state) facts.lastElementChild.replaceChildren(state);
  else if (is_remote) {
    const warning = document.createElement("span");
    [warning.className, warning.textContent] = ["bad", words.remote];
    facts.append(warning);
  }
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[kind] ?? "file"}`));
  return item;
}

// Only whoever sent a file can say what shall be done with what it tells.
function stateOf({ state, file }, words, isOwn) {
  if (state === "refused") return words.rejected;
  if (state !== "asks" || !isOwn) return words.checking;
  const link = document.createElement("a");
  link.href = `/files/${file}/choice`;
  link.textContent = words.asks;
  return link;
}

// As forum/files/sizes.py says it.
function sizeOf(size) {
  if (size < 1024) return `${number.format(size)} Byte`;
  let [amount, unit] = [size / 1024, 0];
  while (amount >= 1024 && unit < UNITS.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${number.format(amount < 10 ? amount : Math.round(amount))} ${UNITS[unit]}`;
}
