// What a player does beyond its own controls: says that it cannot play, and shows in the waveform how far it is.
export function helpPlayer(player: HTMLMediaElement): void {
  player.addEventListener("error", () => {
    const note = document.getElementById("unplayable");
    if (note) note.hidden = false;
  });
  const wave = document.querySelector<SVGSVGElement>("[data-seeks]");
  const played = wave?.querySelector<SVGPathElement>(".played");
  if (!wave || !played) return;
  player.addEventListener("timeupdate", () => {
    const part = player.duration ? player.currentTime / player.duration : 0;
    played.style.clipPath = `inset(0 ${100 - 100 * part}% 0 0)`;
  });
  wave.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    const part = (event.clientX - box.left) / box.width;
    const seek = (): void => {
      player.currentTime = part * player.duration;
    };
    if (player.readyState) seek();
    else player.addEventListener("loadedmetadata", seek, { once: true });
    void player.play().catch(() => undefined); // the event above says why
  });
}
