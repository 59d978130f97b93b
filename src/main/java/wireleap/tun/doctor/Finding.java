package wireleap.tun.doctor;

/**
 * What a check found.
 *
 * @param grade how bad it is
 * @param subject what was looked at
 * @param found what is there
 * @param advice what to do; empty when there is nothing to do
 */
record Finding(Grade grade, String subject, String found, String advice) {
    enum Grade {
        /** As it should be. */
        OK("ok  "),
        /** The daemon runs, but with less than it could have, or somebody should know. */
        NOTE("note"),
        /** The daemon cannot run. */
        FAIL("FAIL");

        private final String mark;

        Grade(String mark) {
            this.mark = mark;
        }
    }

    static Finding ok(String subject, String found) {
        return new Finding(Grade.OK, subject, found, "");
    }

    static Finding note(String subject, String found, String advice) {
        return new Finding(Grade.NOTE, subject, found, advice);
    }

    static Finding fail(String subject, String found, String advice) {
        return new Finding(Grade.FAIL, subject, found, advice);
    }

    /** A line, and a second one with the advice if there is any. */
    @Override
    public String toString() {
        String line = grade.mark + "  " + subject + ": " + found;
        return advice.isEmpty() ? line : line + System.lineSeparator() + "        -> " + advice;
    }
}
