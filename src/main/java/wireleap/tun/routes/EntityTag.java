package wireleap.tun.routes;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tags of one process's lists, and their comparison with If-Match. RFC 9110 sections 8.8.3 and 13.1.1. */
final class EntityTag {
    /** One member of the header's list: perhaps W/, then any characters but quotes and controls between quotes. */
    private static final Pattern MEMBER = Pattern.compile("\\G[ \\t,]*(W/)?(\"[!#-~\\x80-\\xff]*\")[ \\t]*(?:,|$)");

    private EntityTag() {
    }

    /**
     * The tag of one list.
     *
     * @param process random, new with each process
     * @param counter new with each list
     */
    static String of(int process, long counter) {
        return "\"" + String.format("%08x", process) + "-" + counter + "\"";
    }

    /**
     * Whether an If-Match header lets a change of the present list pass: {@code *}, or a list that has its tag. The
     * comparison is the strong one, so that a weak tag never matches; what is malformed does not either.
     */
    static boolean matches(String ifMatch, String present) {
        if (ifMatch.strip().equals("*")) {
            return true;
        }
        Matcher member = MEMBER.matcher(ifMatch);
        while (member.find()) {
            if (member.group(1) == null && member.group(2).equals(present)) {
                return true;
            }
        }
        return false;
    }
}
