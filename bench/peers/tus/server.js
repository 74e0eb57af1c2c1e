// @tus/server as its page has it, with its file store; `/` tells that it is there.
// Started as: node server.js PORT FOLDER
import { createServer } from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [, , port, directory] = process.argv;
const tus = new Server({ path: "/upload", datastore: new FileStore({ directory }) });

createServer((request, response) =>
  request.url === "/" ? response.end() : tus.handle(request, response),
).listen(Number(port), "127.0.0.1");
