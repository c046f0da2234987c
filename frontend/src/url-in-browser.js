// Stands in for the package "url-parse" in the bundle (build.mjs): a browser knows addresses by itself.
export default class Address {
  constructor(link, origin) {
    this.url = new URL(link, new URL(origin, location.href));
  }

  toString() {
    return this.url.href;
  }
}
