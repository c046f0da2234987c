// The page of a room.

import { openRoom } from "./room.js";

const root = document.querySelector(".talk");
const shown = window.visualViewport;

openRoom(root, { go: (address) => location.assign(address), at: location.hash });

// Where the keyboard lies over the page instead of making it smaller, the page makes itself smaller.
function fit() {
  const isCovered = shown.height < innerHeight - 100 && shown.scale < 1.05;
  document.body.style.height = isCovered ? `${shown.height}px` : "";
  if (isCovered) window.scrollTo(0, 0);
}
shown?.addEventListener("resize", fit);
shown?.addEventListener("scroll", fit);
