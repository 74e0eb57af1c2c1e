// Sends the files that were chosen in a page's <input> with Uppy; who uses it would press "retry" where it gives up.
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";

window.send = async (options) => {
  const uppy = new Uppy().use(Tus, { retryDelays: Array(30).fill(20), ...options });
  for (const data of document.querySelector("input").files) {
    uppy.addFile({ name: data.name, type: data.type, data });
  }
  let { successful, failed } = await uppy.upload();
  let sent = successful.length;
  for (let press = 0; failed.length && press < 10; press++) {
    ({ successful, failed } = await uppy.retryAll());
    sent += successful.length;
  }
  uppy.destroy();
  return { sent, failed: failed.map(({ name, error }) => `${name}: ${error}`) };
};
