/* A flood: two of one process settle letters of one queue side by side, each over a session of its
 * own, while an acknowledgement is for its letter and for all that came before it on its channel.
 * README.md tells what each step stands for in the source.
 *
 * One queue, one process with three threads: the inbox, which has the channel, the settler that
 * pauses and gives back (MAIN), and the one that helps it (HELPER). A step is atomic (d_step) where
 * it is one transaction, one frame, or one holding of one lock. A settle is one step, as in
 * road.pml, and what it does to executions is told there: here a letter is recorded or it is not.
 *
 * The broker gives letters in their order, takes acknowledgements in their order and gives what is
 * left in the same order again. So a number tells where it is: all below `acked` are gone.
 *
 * Switches: LETTERS   3 where nothing is said
 *           KEYLESS   a bit a letter: those that have no key; the second where nothing is said
 *           HELPLESS  the ledger refuses the helper, for ever
 *           LIVENESS  once faults end, all is recorded and acknowledged
 *           BREAK_*   ways of getting it wrong, each of which must be caught; BREAK_OLD_TAG needs
 *                     BREAK_UNTOLD, without which no tag is of another channel */

#ifndef LETTERS
#define LETTERS 3
#endif
#ifndef KEYLESS
#define KEYLESS 2
#endif
#define BIT(n) (1 << (n))
#define ALL (BIT(LETTERS) - 1)
#define BELOW(n) (BIT(n) - 1)

#define MAIN 0
#define HELPER 1

/* What a settler does. */
#define IDLE 0
#define SETTLING 1   /* the transaction is on its way to the database, its commit included */
#define COMMITTED 2  /* the database has committed, and perhaps answers */
#define ENDED 3
#define WAITING 4    /* the helper: until what it left is taken up */
#define TAKING 5     /* the main one, from here on: waits for a letter */
#define PAUSED 6     /* the ledger has refused the batch */
#define IN_DOUBT 7   /* the batch must go back */
#define GIVING 8     /* nothing is in hand any more, and the inbox is still to be told */
#define AWAITING 9   /* it was told; nothing is taken until the ledger is there */

/* What the inbox is to do. */
#define DELIVER 0
#define HOLD 1
#define GIVE_BACK 2

/* The channel. */
#define CLOSED 0
#define OPEN 1
#define DEAD 2  /* the broker has given it up, and nobody here has noticed */

/* Whose a batch is: of the channel that is, of one before, or of the broker again. Of one before it
 * is only where somebody forgets to forget. */
#define CURRENT 0
#define OLD 1
#define FORGOTTEN 2
#if defined(BREAK_UNTOLD) || defined(BREAK_FORGETS_NO_BATCH)
#define CHANNELS 2
#else
#define CHANNELS 1
#endif

/* The broker. */
byte acked;  /* so many */
byte come;   /* a bit a letter without a key: it came before, on another channel, and is marked */

/* The ledger. */
byte records;      /* a bit a letter */
byte departed;     /* a bit a letter: in a transaction whose client is gone, or in doubt */

/* The inbox. */
byte channel = CLOSED;
byte delivered;           /* so many were, counted from the first letter of all */
byte taken;               /* so many of those are not in the buffer any more */
byte in_hand[CHANNELS];   /* a bit a letter: taken, not forgotten, and not yet to be acknowledged */
byte recorded[CHANNELS];  /* a bit a letter: of these, those that are recorded */
byte wanted = DELIVER;
bool give_back;           /* the channel is still to be closed */
bool looks_up;
byte to_acknowledge;      /* so many, counted likewise; 0: nothing */
bool is_old_tag;
#ifdef BREAK_OLD_TAG
byte base;                /* the first letter of this channel: a tag is the distance from it */
byte shift;               /* how much farther a tag of the channel before goes on this one */
#endif

/* The settlers. */
byte doing[2];
byte batch[2];     /* a bit a letter: those that are still to be recorded */
byte answered[2];  /* a bit a letter: of these, those that were committed just now */
byte firsts[2];    /* a bit a letter: of the batch, without a key and not marked */
byte held_as[2];
bool stopping;

/* What the helper could not settle. */
byte unfinished;
byte unfinished_firsts;
byte unfinished_as;
bool unfinished_in_doubt;
#ifdef BREAK_LEFT_WHOLE
byte whole;
byte whole_firsts;
#endif

/* What only an observer knows, of letters without a key. */
byte unmarked;  /* it has a record without a mark */
byte excused;   /* it went back when it was recorded, or a settle of it under way or in doubt */

bool calm;  /* faults have ended */
byte x;     /* within a step; 0 between two */
bool stands;

/* --- the ledger ---------------------------------------------------------------------------- */

/* A letter whose key is known is dropped. One without a key may be there twice, but not for one
 * delivery, or there would be two records without a mark; nor for a delivery that had come to
 * nothing when it went back. What holds for its first delivery holds for each: nobody who settles
 * looks at the mark. */
inline record(set, set_of_firsts) {
  assert((records & (set) & KEYLESS & ~excused) == 0);  /* P3: twice only if it went back so */
  assert((unmarked & (set) & (set_of_firsts)) == 0);    /* P3: of two records one is marked */
  unmarked = unmarked | ((set) & (set_of_firsts));
  records = records | (set)
}

/* The first letter of a batch. */
#define FIRST_OF(set) ((set) & (-(set)))

inline commit(s, set) {
  answered[s] = set;
  record(answered[s], firsts[s]);
  doing[s] = COMMITTED
}

/* Its transaction may still come to pass, of which only first deliveries can do any harm: another
 * one's went back with it under way, and is excused. */
#define DEPARTING(s) (doing[s] == SETTLING -> firsts[s] : 0)

/* The piece that is recorded, and the rest of that batch, which nobody asks about in between. */
#define UNDER_WAY(s) ((doing[s] == SETTLING || doing[s] == COMMITTED) -> batch[s] : 0)

inline excuse() {
  excused = excused | (KEYLESS & (records | departed | UNDER_WAY(MAIN) | UNDER_WAY(HELPER)))
}

/* --- batches in hand ----------------------------------------------------------------------- */

/* From the first one on, as far as they are recorded. */
inline pass(c) {
  x = 0;
  do
  :: x < LETTERS && stands ->
    if
    :: in_hand[c] & recorded[c] & BIT(x) ->
      in_hand[c] = in_hand[c] & ~BIT(x);
      recorded[c] = recorded[c] & ~BIT(x);
      to_acknowledge = 1 + x;
      is_old_tag = (c == OLD)
    :: in_hand[c] & ~recorded[c] & BIT(x) -> stands = false
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* The settler tells of what it has recorded. */
inline tell_recorded(s) {
#ifdef BREAK_WAITS_FOR_NOBODY
  if
  :: held_as[s] == CURRENT && !give_back ->
    in_hand[CURRENT] = in_hand[CURRENT] & ~answered[s];
    x = LETTERS;
    do
    :: !(answered[s] & BELOW(x) & ~BELOW(x - 1)) -> x--
    :: else -> break
    od;
    to_acknowledge = (x > to_acknowledge -> x : to_acknowledge)
  :: else
  fi;
#else
  if
  :: held_as[s] != FORGOTTEN ->
    recorded[held_as[s]] = recorded[held_as[s]] | answered[s];
    stands = true;
#if CHANNELS > 1
    pass(OLD);
#endif
    pass(CURRENT);
    stands = false
  :: else
  fi;
#endif
  batch[s] = batch[s] & ~answered[s];
  firsts[s] = firsts[s] & ~answered[s];
  answered[s] = 0
}

/* What is in hand stays there, though its channel is gone. */
#define AS_OLD(letters, as) (letters && as == CURRENT -> OLD : as)

inline keep_batches() {
  in_hand[OLD] = in_hand[OLD] | in_hand[CURRENT];
  recorded[OLD] = recorded[OLD] | recorded[CURRENT];
  in_hand[CURRENT] = 0;
  recorded[CURRENT] = 0;
  held_as[MAIN] = AS_OLD(batch[MAIN], held_as[MAIN]);
  held_as[HELPER] = AS_OLD(batch[HELPER], held_as[HELPER]);
  unfinished_as = AS_OLD(unfinished, unfinished_as)
}

inline let_batches_go() {
#if CHANNELS > 1
  in_hand[OLD] = 0;
  recorded[OLD] = 0;
#endif
  in_hand[CURRENT] = 0;
  recorded[CURRENT] = 0;
  held_as[MAIN] = (batch[MAIN] -> FORGOTTEN : CURRENT);
  held_as[HELPER] = (batch[HELPER] -> FORGOTTEN : CURRENT);
  unfinished_as = (unfinished -> FORGOTTEN : CURRENT)
}

/* What was delivered comes again, and this process knows it. */
inline forget_batches() {
  excuse();
#ifdef BREAK_FORGETS_NO_BATCH
  keep_batches();
#else
  let_batches_go();
#endif
  taken = delivered
}

/* --- the inbox ----------------------------------------------------------------------------- */

inline subscribe() {
#ifdef BREAK_OLD_TAG
  shift = acked - base;
  base = acked;
#endif
  delivered = acked;
  taken = acked;
  channel = OPEN
}

/* The channel is gone, and with it what came on it. */
inline forget() {
  forget_batches();
  come = come | (KEYLESS & BELOW(delivered));
  channel = CLOSED;
#ifdef BREAK_OLD_TAG
  base = 0;
  shift = 0;
#endif
  delivered = 0;
  taken = 0;
  to_acknowledge = 0;
  is_old_tag = false;
  give_back = false
}

#ifdef BREAK_OLD_TAG
#define ACKNOWLEDGED (to_acknowledge + (is_old_tag -> shift : 0))
#define IS_OF_THIS_CHANNEL (ACKNOWLEDGED <= delivered)
#else
#define ACKNOWLEDGED to_acknowledge
#define IS_OF_THIS_CHANNEL (!is_old_tag)
#endif

/* Its letter, and all that came before it on this channel. On a dead one nobody reads it. */
inline acknowledge() {
  if
  :: to_acknowledge != 0 && channel == OPEN && IS_OF_THIS_CHANNEL ->
    acked = (ACKNOWLEDGED > acked -> ACKNOWLEDGED : acked);
    assert((BELOW(acked) & ~records) == 0)              /* P1 */
  :: else
  fi;
  to_acknowledge = 0;
  is_old_tag = false
}

#ifdef BREAK_TAKES_ON_HOLD
#define MAY_TAKE(letters) (taken + (letters) <= delivered && !stopping)
#else
#define MAY_TAKE(letters) \
  (taken + (letters) <= delivered && !stopping && wanted == DELIVER && !give_back)
#endif

inline take(s, letters) {
  batch[s] = BELOW(taken + (letters)) & ~BELOW(taken);
  firsts[s] = batch[s] & KEYLESS & ~come;
  held_as[s] = CURRENT;
  in_hand[CURRENT] = in_hand[CURRENT] | batch[s];
  taken = taken + (letters);
  doing[s] = SETTLING
}

/* --- the process --------------------------------------------------------------------------- */

inline let_go(s) {
  batch[s] = 0;
  answered[s] = 0;
  firsts[s] = 0;
  held_as[s] = CURRENT
}

inline let_unfinished_go() {
  unfinished = 0;
  unfinished_firsts = 0;
  unfinished_as = CURRENT;
  unfinished_in_doubt = false
}

/* The helper's first error: the rest is the other one's. */
inline leave_unfinished(in_doubt) {
#ifdef BREAK_LEFT_WHOLE
  unfinished = whole;
  unfinished_firsts = whole_firsts;
#else
  unfinished = batch[HELPER];
  unfinished_firsts = firsts[HELPER];
#endif
  unfinished_as = held_as[HELPER];
  unfinished_in_doubt = in_doubt;
#ifndef BREAK_NO_LOOK_UP
  looks_up = true;
#endif
  let_go(HELPER);
#ifdef BREAK_LEAVES_TWO
  doing[HELPER] = IDLE
#else
  doing[HELPER] = WAITING
#endif
}

#define IS_IN_HAND(as) (as != FORGOTTEN)
#ifdef BREAK_NOT_IN_HAND
#define MAY_TAKE_UP true
#else
#define MAY_TAKE_UP IS_IN_HAND(unfinished_as)
#endif
#ifdef BREAK_RETRIES_WHAT_WENT_BACK
#define MAY_TRY_AGAIN true
#else
#define MAY_TRY_AGAIN IS_IN_HAND(held_as[MAIN])
#endif
#if defined(BREAK_DOUBT_SETTLED_AGAIN)
#define IS_IN_DOUBT false
#elif defined(BREAK_LEFT_GOES_BACK)
#define IS_IN_DOUBT true
#else
#define IS_IN_DOUBT unfinished_in_doubt
#endif

inline take_unfinished() {
  if
  :: MAY_TAKE_UP ->
    batch[MAIN] = unfinished;
    firsts[MAIN] = unfinished_firsts;
    held_as[MAIN] = unfinished_as;
    if
    :: IS_IN_DOUBT -> doing[MAIN] = IN_DOUBT; wanted = HOLD
    :: else -> doing[MAIN] = SETTLING
    fi
  :: else
  fi;
  let_unfinished_go();
  if
  :: doing[HELPER] == WAITING -> doing[HELPER] = IDLE
  :: else
  fi
}

/* The process ends, and another one begins. */
inline begin_anew() {
  forget();
  let_go(MAIN);
  let_go(HELPER);
  let_unfinished_go();
  doing[MAIN] = IDLE;
  doing[HELPER] = IDLE;
#if CHANNELS > 1
  in_hand[OLD] = 0;
  recorded[OLD] = 0;
#endif
#ifdef BREAK_LEFT_WHOLE
  whole = 0;
  whole_firsts = 0;
#endif
  wanted = DELIVER;
  looks_up = false;
  stopping = false
}

/* --- what always holds --------------------------------------------------------------------- */

#define IS_QUIET (acked == LETTERS && records == ALL && unfinished == 0 && !stopping && \
                  doing[MAIN] == TAKING && doing[HELPER] == IDLE)

#ifdef BREAK_LEFT_WHOLE
#define HELD_ANEW whole
#else
#define HELD_ANEW 0
#endif

/* What is acknowledged, and held by nobody here, will not be recorded again. */
#define IN_BUFFER (BELOW(delivered) & ~BELOW(taken))
#define HELD (IN_BUFFER | batch[MAIN] | batch[HELPER] | unfinished | departed | HELD_ANEW)
#define IS_OVER (KEYLESS & BELOW(acked) & ~HELD)

inline after_every_step() {
  excused = excused | IS_OVER;
  unmarked = unmarked | IS_OVER;
  come = come | IS_OVER;
  x = 0
}

#define DONE after_every_step()

/* --- the processes ------------------------------------------------------------------------- */

proctype Inbox() {
end:
  do
  :: d_step { channel == CLOSED && wanted == DELIVER && !give_back -> subscribe(); DONE }
  /* On hold, too: what was on its way is taken in. */
  :: d_step { channel == OPEN && delivered < LETTERS -> delivered++; DONE }
  :: d_step { to_acknowledge != 0 -> acknowledge(); DONE }
  :: d_step { give_back -> forget(); DONE }
  :: d_step { channel == DEAD -> forget(); DONE }
#ifdef BREAK_UNTOLD
  /* The write of an acknowledgement has met the loss, and the next call is one that connects. */
  :: d_step { channel == DEAD && wanted == DELIVER && !give_back && taken == delivered &&
              in_hand[OLD] == 0 ->
      excuse();
      come = come | (KEYLESS & BELOW(delivered));
      keep_batches();
      is_old_tag = (to_acknowledge != 0);
      subscribe(); DONE }
#endif
  /* Both settlers have ended: the last acknowledgement, and the channel is closed. */
  :: d_step { doing[MAIN] == ENDED && doing[HELPER] == ENDED -> acknowledge(); begin_anew(); DONE }
  od
}

proctype Main() {
end:
  do
  :: d_step { doing[MAIN] == IDLE && unfinished != 0 -> take_unfinished(); DONE }
  :: d_step { doing[MAIN] == IDLE && unfinished == 0 -> doing[MAIN] = TAKING; DONE }
  :: d_step { doing[MAIN] == TAKING && looks_up -> looks_up = false; doing[MAIN] = IDLE; DONE }
  :: d_step { doing[MAIN] == TAKING && MAY_TAKE(1) -> take(MAIN, 1); DONE }
  :: d_step { doing[MAIN] == TAKING && MAY_TAKE(2) -> take(MAIN, 2); DONE }

  /* The whole batch, or a piece of it. */
  :: d_step { doing[MAIN] == SETTLING -> commit(MAIN, batch[MAIN]); DONE }
  :: d_step { doing[MAIN] == SETTLING && batch[MAIN] != FIRST_OF(batch[MAIN]) ->
      commit(MAIN, FIRST_OF(batch[MAIN])); DONE }
  :: d_step { doing[MAIN] == COMMITTED ->
      tell_recorded(MAIN);
      wanted = DELIVER;
      if
      :: batch[MAIN] -> doing[MAIN] = SETTLING
      :: else -> let_go(MAIN); doing[MAIN] = IDLE
      fi; DONE }

  /* Refused: it is tried again, unless it went back meanwhile or was held for too long. */
  :: d_step { doing[MAIN] == PAUSED && !stopping && MAY_TRY_AGAIN -> doing[MAIN] = SETTLING; DONE }
  :: d_step { doing[MAIN] == PAUSED -> doing[MAIN] = IN_DOUBT; DONE }

  /* All goes back, the helper's batch as well. */
  :: d_step { doing[MAIN] == IN_DOUBT ->
      forget_batches(); let_go(MAIN); doing[MAIN] = GIVING; DONE }
  :: d_step { doing[MAIN] == GIVING ->
      wanted = GIVE_BACK; give_back = true; doing[MAIN] = AWAITING; DONE }
  :: d_step { doing[MAIN] == AWAITING && !stopping ->
      wanted = DELIVER;
#ifdef BREAK_STAYS_OPEN
      give_back = false;
#endif
      doing[MAIN] = IDLE; DONE }

  :: d_step { stopping &&
              (doing[MAIN] == IDLE || doing[MAIN] == TAKING || doing[MAIN] == AWAITING) ->
      doing[MAIN] = ENDED; DONE }
  od
}

proctype Helper() {
end:
  do
  :: d_step { doing[HELPER] == IDLE && MAY_TAKE(1) -> take(HELPER, 1);
#ifdef BREAK_LEFT_WHOLE
      whole = batch[HELPER]; whole_firsts = firsts[HELPER];
#endif
      DONE }
  :: d_step { doing[HELPER] == IDLE && MAY_TAKE(2) -> take(HELPER, 2);
#ifdef BREAK_LEFT_WHOLE
      whole = batch[HELPER]; whole_firsts = firsts[HELPER];
#endif
      DONE }
#ifdef HELPLESS
  :: d_step { doing[HELPER] == SETTLING -> leave_unfinished(false); DONE }
#else
  :: d_step { doing[HELPER] == SETTLING -> commit(HELPER, batch[HELPER]); DONE }
  :: d_step { doing[HELPER] == SETTLING && batch[HELPER] != FIRST_OF(batch[HELPER]) ->
      commit(HELPER, FIRST_OF(batch[HELPER])); DONE }
#endif
  :: d_step { doing[HELPER] == COMMITTED ->
      tell_recorded(HELPER);
      if
      :: batch[HELPER] -> doing[HELPER] = SETTLING
      :: else -> let_go(HELPER); doing[HELPER] = IDLE
      fi; DONE }
  :: d_step { stopping && (doing[HELPER] == IDLE || doing[HELPER] == WAITING) ->
      doing[HELPER] = ENDED; DONE }
  od
}

/* As often as they like, until they end for good. */
proctype Faults() {
end:
  do
  :: d_step { !calm -> calm = true }

  /* The connection to the broker. */
  :: d_step { !calm && channel == OPEN -> channel = DEAD; DONE }

  /* The ledger refuses one of the two, before the commit. */
  :: d_step { !calm && doing[MAIN] == SETTLING -> doing[MAIN] = PAUSED; wanted = HOLD; DONE }
  :: d_step { !calm && doing[HELPER] == SETTLING -> leave_unfinished(false); DONE }

  /* The connection to it is lost under the commit: it comes to pass or not, or later ... */
  :: d_step { !calm && doing[MAIN] == SETTLING ->
      departed = departed | firsts[MAIN]; doing[MAIN] = IN_DOUBT; wanted = HOLD; DONE }
  :: d_step { !calm && doing[HELPER] == SETTLING ->
      departed = departed | firsts[HELPER]; leave_unfinished(true); DONE }
  /* ... or it came to pass, and the answer was lost. */
  :: d_step { !calm && doing[MAIN] == COMMITTED ->
      answered[MAIN] = 0; doing[MAIN] = IN_DOUBT; wanted = HOLD; DONE }
  :: d_step { !calm && doing[HELPER] == COMMITTED ->
      answered[HELPER] = 0; leave_unfinished(true); DONE }

  /* Killed, or told to stop. */
  :: d_step { !calm ->
      departed = departed | DEPARTING(MAIN) | DEPARTING(HELPER); begin_anew(); DONE }
  :: d_step { !calm && !stopping -> stopping = true; DONE }
  od
}

/* What the database does without its client, a letter at a time or not at all. */
proctype Departed() {
end:
  do
  :: d_step { departed & 1 -> record(1, 1); departed = departed & ~1; DONE }
  :: d_step { departed & 2 -> record(2, 2); departed = departed & ~2; DONE }
  :: d_step { departed & 4 -> record(4, 4); departed = departed & ~4; DONE }
  :: d_step { departed & 1 -> departed = departed & ~1; DONE }
  :: d_step { departed & 2 -> departed = departed & ~2; DONE }
  :: d_step { departed & 4 -> departed = departed & ~4; DONE }
  od
}

init {
  atomic {
    run Inbox();
    run Main();
    run Helper();
    run Faults();
    run Departed()
  }
#ifndef LIVENESS
end:
  timeout -> assert(IS_QUIET)                           /* P5 */
#endif
}

#ifdef LIVENESS
/* A run in which faults end and which never becomes quiet. */
never {
  do
  :: true
  :: calm && !IS_QUIET -> goto accept
  od;
accept:
  do
  :: calm && !IS_QUIET
  od
}
#endif
