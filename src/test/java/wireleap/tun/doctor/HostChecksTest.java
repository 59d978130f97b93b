package wireleap.tun.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.doctor.Finding.Grade;

class HostChecksTest {
    @TempDir
    private Path root;
    private HostChecks host;

    @BeforeEach
    void make() {
        host = new HostChecks(root);
    }

    private void file(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @ParameterizedTest
    @CsvSource({"6.2.0-1-generic, OK", "6.18.5, OK", "10.0, OK", "6.1.0-21-amd64, NOTE", "4.20.17, NOTE",
        "4.19.0, FAIL", "3.10.0-1160.el7, FAIL", "odd, FAIL"})
    void theKernelsReleaseIsGraded(String release, Grade grade) throws IOException {
        file("proc/sys/kernel/osrelease", release + "\n");
        assertEquals(grade, host.kernel().grade());
        assertEquals(release, host.kernel().found());
    }

    @Test
    void anUnknownKernelIsAFailure() {
        assertEquals(Finding.fail("kernel", "unknown", "4.20 is the oldest that has what the routes need"),
                host.kernel());
    }

    @ParameterizedTest
    @CsvSource({"000001ffffffffff, OK", "0000000000001000, OK", "0000000000000000, FAIL", "000001ffffffefff, FAIL"})
    void netAdminIsBitTwelveOfTheEffectiveCapabilities(String mask, Grade grade) throws IOException {
        file("proc/thread-self/status",
                "Name:\tjava\nCapInh:\t0000000000001000\nCapPrm:\t0000000000001000\nCapEff:\t" + mask + "\n");
        assertEquals(grade, host.netAdmin().grade());
    }

    @Test
    void whereCapabilitiesAreNotToldThereAreNone() {
        assertEquals(Grade.FAIL, host.netAdmin().grade());
    }

    @Test
    void anAbsentTunDeviceIsAFailureWithAdvice() {
        assertEquals(Grade.FAIL, host.tunDevice().grade());
        assertTrue(host.tunDevice().advice().startsWith("modprobe tun"));
    }

    @Test
    void aTunDeviceThatOpensIsFine() throws IOException {
        file("dev/net/tun", "");
        assertEquals(Grade.OK, host.tunDevice().grade());
    }

    @ParameterizedTest
    @CsvSource({"0, OK", "1, NOTE"})
    void disabledIpv6IsWorthANote(String disabled, Grade grade) throws IOException {
        file("proc/sys/net/ipv6/conf/all/disable_ipv6", disabled + "\n");
        assertEquals(grade, host.ipv6().grade());
    }

    @Test
    void aKernelWithoutIpv6IsWorthANote() {
        assertEquals(Grade.NOTE, host.ipv6().grade());
    }

    @ParameterizedTest
    @CsvSource({"0, 2, not strict", "1, 0, strict: net.ipv4.conf.all.rp_filter",
        "1, 1, 'strict: net.ipv4.conf.all.rp_filter, net.ipv4.conf.default.rp_filter'"})
    void strictReversePathFiltersAreNamed(String all, String usual, String found) throws IOException {
        file("proc/sys/net/ipv4/conf/all/rp_filter", all + "\n");
        file("proc/sys/net/ipv4/conf/default/rp_filter", usual + "\n");
        assertEquals(found, host.reversePathFilters().found());
    }

    @ParameterizedTest
    @CsvSource({"25000, OK", "unlimited, OK", "1073741816, OK", "24999, NOTE"})
    void theHardLimitOfDescriptorsIsGraded(String hard, Grade grade) throws IOException {
        file("proc/self/limits", """
                Limit                     Soft Limit           Hard Limit           Units
                Max processes             95000                95000                processes
                Max open files            1024                 %s              files
                """.formatted(hard));
        assertEquals(grade, host.descriptors().grade());
        assertTrue(host.descriptors().found().startsWith(hard + " at most"));
    }

    @Test
    void aFindingWithAdviceHasASecondLine() {
        assertEquals("note  IPv6: off" + System.lineSeparator() + "        -> nothing to do",
                Finding.note("IPv6", "off", "nothing to do").toString());
        assertEquals("ok    IPv6: on", Finding.ok("IPv6", "on").toString());
    }
}
