package wireleap.tun.client;

import java.util.Map;

/**
 * An HTTP answer.
 *
 * @param code its status
 * @param phrase of the status line
 * @param fields names in any case
 * @param body decoded
 */
record Answer(int code, String phrase, Map<String, String> fields, byte[] body) {
}
