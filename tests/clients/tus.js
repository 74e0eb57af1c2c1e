// Sends files with tus-js-client; standard input says which, where to, and how many at once.
import { createReadStream, readFileSync } from "node:fs";
import { Upload } from "tus-js-client";

const { endpoint, headers, atOnce, files } = JSON.parse(readFileSync(0));

function send({ path, name, options }) {
  return new Promise((resolve, reject) => {
    let tries = 10; // by the program that uses it: it does not try again to put parts together
    const upload = new Upload(createReadStream(path), {
      endpoint,
      headers,
      retryDelays: Array(30).fill(20),
      metadata: { filename: name },
      onSuccess: resolve,
      onError: (error) => (--tries ? upload.start() : reject(error)),
      ...options,
    });
    upload.start();
  });
}

const left = [...files];
let sent = 0;
async function work() {
  for (let file = left.shift(); file; file = left.shift(), sent++) await send(file);
}
await Promise.all(Array.from({ length: atOnce }, work));
console.log(`${sent} sent`);
