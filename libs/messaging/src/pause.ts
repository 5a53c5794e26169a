/** A sleep that can be cut short; a wake-up that comes while nobody sleeps is not lost. */
export class Pause {
  private woken = false;
  private wakeSleeper: (() => void) | undefined;

  wake(): void {
    this.woken = true;
    this.wakeSleeper?.();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wakeSleeper = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.woken = false;
    this.wakeSleeper = undefined;
  }
}
