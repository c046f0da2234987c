// Stands in for the package "entities" in the bundle (build.mjs): a browser knows "&auml;" without a table of 2,000 names.
const box = document.createElement("textarea");

export function decodeHTML(text) {
  box.innerHTML = text;
  return box.textContent;
}

// The whole of "&name;" is a name, or none of it. (A browser would read "&notit;" as "¬it;".)
export function decodeHTMLStrict(text) {
  const decoded = decodeHTML(text);
  return decoded.endsWith(";") && text !== "&semi;" ? text : decoded;
}
