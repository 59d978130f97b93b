/**
 * Fuzz tests of every parser and of the whole core, by Jazzer (coverage-guided, on libFuzzer): bytes of strangers must not
 * make anything throw, take long, leak, or be answered where they are damaged. {@link wireleap.tun.fuzz.Fuzzer} knows the
 * targets, those of package-private classes lie beside them; {@link wireleap.tun.fuzz.CoreTarget} says what is looked at.
 *
 * <p>{@code mvn verify} tries each file of the corpus (src/test/resources) and then fuzzes for some seconds. For an hour:
 *
 * <pre>  mvn -B test -Dtest=FuzzTest -Dfuzz.seconds=3600 -Dsurefire.timeout=4000</pre>
 *
 * It prints how many inputs there were. What leads to new code is kept in target/fuzz/corpus, where the next run begins; a
 * finding is a file target/fuzz/crash-*: put into the corpus, it is a test. {@link wireleap.tun.fuzz.Seeds} makes the others.
 *
 * <p>2026-11-23, 300 s, 2 processors: 103,536,754 inputs (packets, events, texts; HTTP/2 came later), no finding.
 *
 * <p>Jazzer runs in a JVM of its own, one thread. May name every package of the program.
 */
package wireleap.tun.fuzz;
