package wireleap.tun.api;

/** What a request is answered: all at once, or piece by piece as it becomes known. */
sealed interface Answer permits Response, Streaming {
}
