// Stands in for the package "js-base64" in the bundle (build.mjs).
export const Base64 = {
  encode: (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))),
};
