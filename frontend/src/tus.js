// The part of tus-js-client that static/files/sending.js drives: without its memory of addresses, as the forum's server
// remembers what it has (forum/files).
import DefaultHttpStack from "tus-js-client/lib/browser/httpStack.js";
import FileReader from "tus-js-client/lib/browser/fileReader.js";
import BaseUpload from "tus-js-client/lib/upload.js";

export class Upload extends BaseUpload {
  constructor(file, options) {
    super(file, {
      ...BaseUpload.defaultOptions,
      httpStack: new DefaultHttpStack(),
      fileReader: new FileReader(),
      fingerprint: async () => null,
      storeFingerprintForResuming: false,
      ...options,
    });
  }
}
