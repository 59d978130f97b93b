package wireleap.tun.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.policy.BypassSetTest.set;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BypassEditTest {
    @Test
    void addAppendsWhatIsNew() throws Exception {
        assertEquals(set("3.0.0.0", "1.0.0.0", "2.0.0.0"),
                new BypassEdit.Add(list("1.0.0.0", "3.0.0.0", "2.0.0.0")).applyTo(set("3.0.0.0", "1.0.0.0")));
    }

    @Test
    void addOfWhatIsThereChangesNothing() throws Exception {
        BypassSet current = set("3.0.0.0", "1.0.0.0");
        assertSame(current, new BypassEdit.Add(list("1.0.0.0")).applyTo(current));
        assertSame(current, new BypassEdit.Add(List.of()).applyTo(current));
    }

    @Test
    void addBeyondTheMostIsRefused() throws Exception {
        BypassSet full = BypassSet.of(IntStream.range(0, 65_536).mapToObj(i -> IpPrefix.ipv4(i, 32)).toList());
        assertThrows(TooManyEntriesException.class, () -> new BypassEdit.Add(list("10.0.0.0/8")).applyTo(full));
        assertSame(full, new BypassEdit.Add(list("0.0.0.1")).applyTo(full));
    }

    @Test
    void replaceTakesTheNewOrder() throws Exception {
        assertEquals(set("2.0.0.0", "1.0.0.0"),
                new BypassEdit.Replace(list("2.0.0.0", "1.0.0.0")).applyTo(set("1.0.0.0", "2.0.0.0")));
    }

    @Test
    void replaceByTheSameChangesNothing() throws Exception {
        BypassSet current = set("1.0.0.0", "2.0.0.0");
        assertSame(current, new BypassEdit.Replace(list("1.0.0.0", "2.0.0.0", "1.0.0.0")).applyTo(current));
    }

    @Test
    void patchRemovesAndAdds() throws Exception {
        assertEquals(set("1.0.0.0", "3.0.0.0", "4.0.0.0"),
                new BypassEdit.Patch(list("4.0.0.0", "1.0.0.0"), list("2.0.0.0", "9.9.9.9"))
                        .applyTo(set("1.0.0.0", "2.0.0.0", "3.0.0.0")));
    }

    @Test
    void patchOfAFullListMayExchange() throws Exception {
        BypassSet full = BypassSet.of(IntStream.range(0, 65_536).mapToObj(i -> IpPrefix.ipv4(i, 32)).toList());
        assertEquals(65_536, new BypassEdit.Patch(list("10.0.0.0/8"), list("0.0.0.7")).applyTo(full).size());
    }

    @Test
    void entryInBothHalvesOfAPatchIsNamed() {
        EntryInBothException refused = assertThrows(EntryInBothException.class,
                () -> new BypassEdit.Patch(list("1.0.0.0"), list("::ffff:1.0.0.0")));
        assertTrue(refused.getMessage().startsWith("1.0.0.0 is in both"), refused.getMessage());
    }

    @Test
    void removeTakesOneEntryAndLeavesWiderOnes() throws Exception {
        assertEquals(set("10.0.0.0/8"),
                new BypassEdit.Remove(IpPrefix.parse("10.1.0.0/16")).applyTo(set("10.0.0.0/8", "10.1.0.0/16")));
    }

    @Test
    void removeOfAnAbsentEntryNamesIt() throws Exception {
        BypassSet current = set("10.0.0.0/8");
        AbsentEntryException refused = assertThrows(AbsentEntryException.class,
                () -> new BypassEdit.Remove(IpPrefix.parse("10.1.0.0/16")).applyTo(current));
        assertEquals("10.1.0.0/16 is not on the bypass list", refused.getMessage());
    }

    @Test
    void clearEmpties() throws Exception {
        assertSame(BypassSet.EMPTY, new BypassEdit.Clear().applyTo(set("10.0.0.0/8")));
    }

    private static List<IpPrefix> list(String... entries) {
        return Stream.of(entries).map(IpPrefix::parse).toList();
    }
}
