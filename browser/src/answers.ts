// What the server's answers to uploads mean.
import type { TusDetailedError } from "@uppy/tus";
import type { Problem } from "./item";
import { said } from "./language";

type Request = TusDetailedError["originalRequest"];

export const UNREADABLE: Problem = { title: said("The file has changed since it was chosen, or cannot be read"), detail: "" };

export function unsendable(error: unknown): Problem {
  return { title: said("The browser could not begin to send it"), detail: String(error) };
}

// Whether an answer tells how far an upload got, or that there is none.
export function isKnown(status: number): boolean {
  return status < 500 && ![401, 403, 429].includes(status);
}

export function isSignedOut(request: Request): boolean {
  const { status } = (request?.getUnderlyingObject() ?? {}) as Partial<XMLHttpRequest>;
  return status === 401 || status === 403;
}

export function isTooMany(error: TusDetailedError): boolean {
  return error.originalResponse?.getStatus() === 429;
}

export function isPassing(error: TusDetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? 0;
  return status < 400 || status >= 500 || [409, 423, 429].includes(status);
}

// What the server said, or what kept it from saying anything.
export function problemOf(request: XMLHttpRequest | undefined): Problem {
  if (!request?.status) return { title: said(navigator.onLine ? "The server does not answer" : "You are offline"), detail: "" };
  try {
    const { title, detail } = JSON.parse(request.responseText) as Partial<Problem>;
    if (title) return { title, detail: detail && detail !== title ? detail : "" };
  } catch {
    // something between the server and this page has answered
  }
  return { title: said("The server answered {status}", { status: request.status }), detail: "" };
}
