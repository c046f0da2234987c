// One file on its way: sent in pieces, gone on with where the server has it, however often the line breaks.

const ADDRESS = "/files";
const PIECE = 4 * 2 ** 20; // bytes; what a server that dies in the middle can cost
const AT_ONCE = 3;
const SOON = [0, 1_000, 3_000, 5_000]; // ms, as tus-js-client tries again by itself; counted anew with each piece that arrives
const LATER = 10_000; // ms between tries after that
const STALLED = 25_000; // ms without a byte: the line is dead, though nobody said so
const ELSEWHERE = 3_000; // ms until another window is asked again

const queue = new Set();
const lost = new Set();
let running = 0;
let loading;

function load() {
  loading ??= import("../vendor/tus/tus.js");
  loading.catch(() => (loading = undefined)); // a module that could not be fetched is asked for again
  return loading;
}

function next() {
  for (const sending of queue) {
    if (running >= AT_ONCE) return;
    queue.delete(sending);
    running += 1;
    sending.run().finally(() => {
      running -= 1;
      next();
    });
  }
}

// The line is back, or so it seems; a phone stops what runs in the background.
function tryNow() {
  for (const sending of [...lost]) sending.start();
}
window.addEventListener("online", tryNow);
document.addEventListener("visibilitychange", () => document.hidden || tryNow());

/** The headers of everything that is asked of /files. */
export const headersWith = (token) => ({ "X-Requested-With": "fetch", "X-CSRFToken": token });

export class Sending {
  #upload = null;
  #timer = 0;
  #guard = 0;
  #settle = null;
  #isOver = false;
  #begunAnew = 0;

  /**
   * `file` goes to the server as `name` under `key`, for `place`. Told of everything: `queued()`, `moved(bytes)`,
   * `lost(sentence)` until it goes on, `elsewhere()` while another window sends it, `arrived()`, `refused(sentence, status)`.
   */
  constructor({ file, key, name, place, token, isBegun = false, tell }) {
    Object.assign(this, { file, key, name, place, token, isBegun, tell });
  }

  /** Send it as soon as its turn comes; also after it was lost or refused. */
  start() {
    clearTimeout(this.#timer);
    lost.delete(this);
    if (this.#isOver || this.#settle) return;
    queue.add(this);
    this.tell.queued();
    next();
  }

  /** Stop for good. */
  stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    lost.delete(this);
    queue.delete(this);
    this.#upload?.abort();
    this.#settle?.();
  }

  /** One try, over when the file has arrived or it cannot go on now. */
  async run() {
    if (this.#isOver) return;
    let Upload;
    try {
      ({ Upload } = await load());
    } catch {
      this.#lose();
      return;
    }
    await this.#alone(() => this.#send(Upload));
  }

  // Two windows that send the same file would be in each other's way.
  async #alone(act) {
    if (!navigator.locks) return act();
    return navigator.locks.request(`files.${this.key}`, { ifAvailable: true }, (lock) => {
      if (lock) return act();
      this.tell.elsewhere();
      this.#timer = setTimeout(() => this.start(), ELSEWHERE);
    });
  }

  #send(Upload) {
    return new Promise((resolve) => {
      if (this.#isOver) {
        resolve();
        return;
      }
      this.#settle = () => {
        clearTimeout(this.#guard);
        this.#settle = null;
        resolve();
      };
      this.#upload = new Upload(this.file, {
        // With an endpoint tus-js-client would begin anew whenever it is not told how far the file is.
        endpoint: this.isBegun ? null : ADDRESS,
        uploadUrl: this.isBegun ? `${ADDRESS}/${this.key}` : null,
        chunkSize: PIECE,
        retryDelays: SOON,
        metadata: { filename: this.name, key: this.key, place: this.place },
        headers: headersWith(this.token),
        onProgress: (bytes) => {
          this.isBegun = true;
          this.#upload.options.endpoint = null;
          this.#watch();
          this.tell.moved(bytes);
        },
        onShouldRetry: (error, attempt) => {
          const status = statusOf(error);
          if (navigator.onLine === false || (status >= 400 && status < 500 && status !== 409 && status !== 423)) return false;
          if (attempt) this.tell.lost(reasonOf(error));
          this.#watch();
          return true;
        },
        onSuccess: () => {
          this.#isOver = true;
          this.#settle?.();
          this.tell.arrived();
        },
        onError: (error) => this.#fail(error),
      });
      this.#watch();
      this.#upload.start();
    });
  }

  #watch() {
    clearTimeout(this.#guard);
    this.#guard = setTimeout(() => {
      this.#upload.abort();
      this.#lose("", 0);
    }, STALLED);
  }

  #fail(error) {
    const status = statusOf(error);
    if ((status === 404 || status === 410) && this.#begunAnew++ < 2) {
      this.isBegun = false; // the server does not know it any more
      this.#lose("", 0);
    } else if (!status || status >= 500 || [409, 423, 429].includes(status)) this.#lose(reasonOf(error));
    else {
      this.#settle?.();
      this.tell.refused(sentenceOf(error), status);
    }
  }

  #lose(sentence = "", pause = LATER) {
    lost.add(this);
    this.tell.lost(sentence);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), pause * (1 + Math.random() / 2));
    this.#settle?.();
  }
}

const statusOf = (error) => error.originalResponse?.getStatus() ?? 0;

// Why it cannot go on now, where that is not the line.
const reasonOf = (error) => (statusOf(error) >= 429 ? sentenceOf(error) : "");

// What the server says; without an answer there is nothing.
function sentenceOf(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).error ?? "";
  } catch {
    return "";
  }
}
