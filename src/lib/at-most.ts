/**
 * What `promise` gives, or undefined after `milliseconds`; what it does later goes unheard. Rejects as the promise does.
 */
export async function atMost<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
