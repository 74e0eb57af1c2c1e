// What a page does to people who do not see it, or not well: a list of sentences, empty where all is well.
() => {
  const found = [];
  const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(visible);
  const say = (words, element) => found.push(`${words}: ${element.outerHTML.slice(0, 120)}`);

  if (!document.documentElement.lang) found.push("the page has no language");
  if (document.querySelectorAll("h1").length !== 1) found.push("the page has not exactly one h1");
  if (!document.querySelector("main")) found.push("the page has no main");
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map((heading) => Number(heading.nodeName[1]));
  levels.forEach((level, index) => { if (index && level > levels[index - 1] + 1) found.push(`a heading jumps to level ${level}`); });
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`two elements are called ${id}`);
  for (const image of all("img")) if (!image.hasAttribute("alt")) say("an image has no alternative", image);
  for (const input of all("input:not([type=hidden])")) if (!input.labels.length) say("an input has no label", input);
  for (const control of all("a[href], button, summary")) {
    if (!(control.getAttribute("aria-label") ?? control.textContent).trim()) say("a control has no name", control);
    const box = (control.closest(".row") ?? control).getBoundingClientRect(); // the link of a row fills it
    const inText = getComputedStyle(control).display === "inline" && control.closest("p, li, label");
    if (!inText && (box.height < 24 || box.width < 24)) say("a control is too small", control);
  }
  for (const element of all("[aria-labelledby], [aria-describedby]"))
    for (const id of (element.getAttribute("aria-labelledby") ?? element.getAttribute("aria-describedby")).split(" "))
      if (!document.getElementById(id)) say("a reference leads nowhere", element);
  for (const look of all(".look")) if (!look.textContent.trim() || !look.querySelector("svg")) say("a state has no word or no shape", look);

  const channels = (colour) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] === 255) return colour;
    }
    return "white";
  };
  const seen = new Set();
  for (const element of all("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()) || element.closest("svg, .unseen")) continue;
    const [front, back] = [getComputedStyle(element).color, ground(element)];
    const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    const key = `${front} on ${back}`;
    if (contrast < 4.5 && !seen.has(key)) say(`${key} has a contrast of ${contrast.toFixed(2)}`, element);
    seen.add(key);
  }
  return found;
}
