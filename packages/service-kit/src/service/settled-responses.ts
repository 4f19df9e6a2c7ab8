import { Socket } from "node:net";
import { BodyRequest } from "../http/body-request.ts";
import { TextResponse } from "../http/text-response.ts";

/** V8 watches the first seven objects of a constructor (`kGenerousAllocationCount`, slack tracking). */
const watched = 10;

/**
 * Lets V8 find out how large a response is before the first request does. It takes the properties that the first
 * few have for all there will be. Should a full collection come between them, as when a snapshot is read while probes
 * ask, it has just forgotten most, leaves too little room, and makes every response of the process a dictionary: a tenth
 * or two more CPU for a request until the process ends. Made in one turn, nothing comes between.
 */
export function settleResponses(): void {
  const socket = new Socket();
  for (let n = 0; n < watched; n++) new TextResponse(new BodyRequest(socket));
  socket.destroy();
}
