// The part of socket.io-client that static/realtime/live.js drives.
export { Manager } from "socket.io-client";
