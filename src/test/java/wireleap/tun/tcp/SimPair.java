package wireleap.tun.tcp;

import java.util.SplittableRandom;

/** Two ends of our own and the wires between them; time jumps from event to event. */
final class SimPair {
    final SimClock clock;
    final SimWire there;
    final SimWire back;
    final SimEnd client;
    final SimEnd server;

    SimPair(SplittableRandom random, long startNanos, SimWire.Quality thereQuality, SimWire.Quality backQuality,
            SimEnd.Plan clientPlan, SimEnd.Plan serverPlan) {
        clock = new SimClock(startNanos);
        there = new SimWire(clock, random.split(), thereQuality);
        back = new SimWire(clock, random.split(), backQuality);
        boolean scaling = clientPlan.settings().windowScaling() && serverPlan.settings().windowScaling();
        client = new SimEnd(clock, random.split(), clientPlan, scaling, there, back);
        server = new SimEnd(clock, random.split(), serverPlan, scaling, back, there);
    }

    /** Does what happens next: an event, or the timer of an end. */
    void step() {
        SimEnd due = client.connection.deadlineNanos() <= server.connection.deadlineNanos() ? client : server;
        long deadline = due.connection.deadlineNanos();
        if (clock.nextNanos() <= deadline) {
            clock.runNext();
        } else {
            clock.jumpTo(deadline);
            due.onTimer();
        }
    }

    /** When the next step is, or Long.MAX_VALUE. */
    long nextNanos() {
        long deadline = Math.min(client.connection.deadlineNanos(), server.connection.deadlineNanos());
        return Math.min(clock.nextNanos(), deadline);
    }

    /** Whether both ends are closed and nothing is under way. */
    boolean isOver() {
        return client.connection.closed() && server.connection.closed() && clock.nextNanos() == Long.MAX_VALUE;
    }

    @Override
    public String toString() {
        return "at " + clock.nowNanos() + "\nclient " + client + "\nserver " + server;
    }
}
