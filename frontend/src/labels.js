// Every text of the editor comes from the page (static/web/composer.js says how); without it, its name is shown.
export const labelsFrom = (given) => new Proxy(given ?? {}, { get: (labels, name) => labels[name] ?? name });
