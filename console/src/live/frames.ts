/** Server-sent events out of chunks of text. Pure. A line may come in many pieces. */
export class FrameReader {
  #rest = "";
  #event = "message";
  #id: number | null = null;
  #data: string[] = [];

  constructor(private readonly take: (event: string, id: number | null, data: string) => void) {}

  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  #line(line: string): void {
    if (line === "") {
      if (this.#data.length > 0) this.take(this.#event, this.#id, this.#data.join("\n"));
      this.#event = "message";
      this.#id = null;
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: the heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && /^\d+$/.test(value)) this.#id = Number(value);
  }
}
