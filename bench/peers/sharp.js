// Makes both thumbnails of a picture with sharp: node sharp.js FOLDER PICTURE TIMES, where FOLDER has node_modules.
// Prints the CPU milliseconds of each picture as JSON. The picture is decoded once, which is sharp's quicker way.
"use strict";

const { createRequire } = require("node:module");
const { join } = require("node:path");

const [folder, picture, times] = process.argv.slice(2);
const sharp = createRequire(join(folder, "package.json"))("sharp");
sharp.concurrency(1);
sharp.cache(false);

const webp = { quality: 80, effort: Number(process.env.WEBP_METHOD) };
const fit = (edge) => ({ width: edge, height: edge, fit: "inside", withoutEnlargement: true });

async function thumbnails() {
  const decoded = sharp(picture).autoOrient().resize(fit(1024)).raw();
  const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
  await sharp(data, raw).webp(webp).toFile(join(folder, "thumbnail-1024.webp"));
  await sharp(data, raw).resize(fit(256)).webp(webp).toFile(join(folder, "thumbnail-256.webp"));
}

async function main() {
  await thumbnails();
  const milliseconds = [];
  for (let turn = 0; turn < Number(times); turn += 1) {
    const before = process.cpuUsage();
    await thumbnails();
    const { user, system } = process.cpuUsage(before);
    milliseconds.push((user + system) / 1000);
  }
  console.log(JSON.stringify(milliseconds));
}

main();
