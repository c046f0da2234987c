// Files that are on their way are kept in this browser until they have arrived: after a reload they go on by themselves.
// A note of each lies in localStorage (so that a page without any need not open the database), its bytes in IndexedDB.
// Both are emptied at sign-out (web/app.js).

const NOTES = "files.";
const OLD = 2 * 24 * 3_600_000; // the server keeps what is half there no longer
const me = document.documentElement.dataset.me;
const memory = new Map(); // where storage is forbidden or full: for this page at least

let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("files", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("copies");
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close(); // somebody signs out
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => reject(request.error);
  });
  return opening;
}

async function act(mode, what) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("copies", mode);
      const request = what(transaction.objectStore("copies"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return undefined; // then it has to be picked again
  }
}

/** Keep the file that is sent under `key`; `place` is where it belongs. */
export function keep(key, file, place, name) {
  const note = { member: me, place, name, original: file.name, size: file.size, modified: file.lastModified, at: Date.now() };
  memory.set(key, note);
  try {
    localStorage.setItem(NOTES + key, JSON.stringify(note));
  } catch {
    // then only the bytes are kept
  }
  return act("readwrite", (store) => store.put(file, key));
}

/** The bytes kept under `key`, if they can still be read. */
export async function recall(key) {
  const file = await act("readonly", (store) => store.get(key));
  return file && (await isReadable(file)) ? file : null;
}

/** It has arrived, or is not wanted any more. */
export function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(NOTES + key);
  } catch {
    // nothing was kept
  }
  return act("readwrite", (store) => store.delete(key));
}

/** What is noted of the file under `key`: {name, original, size, modified}. */
export const noteOf = (key) => notes().get(key);

/** The keys of what is kept for a place. */
export function keptFor(place) {
  return [...notes()].filter(([, note]) => note.place === place).map(([key]) => key);
}

/** Whether what is in a file is still what it was when it was picked. */
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

// What somebody else left here who was signed out by the clock, and what nobody came back to, goes.
function notes() {
  const found = new Map(memory);
  try {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(NOTES)) continue;
      const key = name.slice(NOTES.length);
      const note = JSON.parse(localStorage.getItem(name));
      if (note.member === me && Date.now() - note.at < OLD) found.set(key, note);
      else forget(key);
    }
  } catch {
    // nothing can have been kept
  }
  return found;
}
