/* A queue that is deleted while its letters are in hand: the broker has them no more, so they come
 * from nowhere again, and are this process's alone until it has recorded them, or has said before
 * its end that they are lost. README.md tells what each step stands for in the source.
 *
 * One process with three threads, as in flood.pml, and one queue, which is deleted once at most and
 * not made anew. Here all letters have keys: that one is recorded twice is flood.pml's to rule out,
 * as is what may be acknowledged; nothing is acknowledged here.
 *
 * Not owed to anybody is what went back before the process had heard: it went to a queue that was no
 * more, as did what was never delivered.
 *
 * Switches: LETTERS  3 where nothing is said
 *           BREAK_*  ways of getting it wrong, each of which must be caught */

#ifndef LETTERS
#define LETTERS 3
#endif
#define BIT(n) (1 << (n))
#define ALL (BIT(LETTERS) - 1)
#define FIRST_OF(set) ((set) & (-(set)))

#define MAIN 0
#define HELPER 1

/* What a settler does. */
#define IDLE 0
#define SETTLING 1
#define ENDED 2
#define WAITING 3     /* the helper: until what it left is taken up */
#define PAUSED 4      /* the main one, from here on: the ledger has refused the batch */
#define GIVING 5      /* it was held for too long, and is not known to be of a deleted queue */
#define SETTLES_LEFT 6  /* told to stop: what is known to be of a deleted queue */
#define CLOSES 7        /* the inbox ends */
#define SETTLES_REST 8  /* what the inbox has heard of by then */
#define TELLS 9
#define OVER 10

/* The channel. */
#define CLOSED 0
#define OPEN 1
#define DELETED 2  /* the broker has said so, behind what it had given, and nobody has read it */

/* Whose a batch is: of the channel that is, the broker's again, or of a queue that is no more. */
#define CURRENT 0
#define FORGOTTEN 1
#define GONE 2

/* Each a bit a letter. */
byte given;           /* on this channel */
byte buffer;
byte buffer_gone;     /* of a queue that is no more */
byte batch[2];
byte unfinished;      /* what the helper could not settle */
byte interrupted;     /* what a stop has found in somebody's hands */
byte interrupted_gone;
byte records;         /* in the ledger */
byte told;            /* as lost */
byte owed;            /* what only an observer knows: ours alone, and not given back */

byte batch_as[2];
byte unfinished_as;
byte channel = CLOSED;
bool exists = true;
bool give_back;
byte doing[2];
bool stopping;
bool given_up;  /* whoever stops it has no more patience */
bool calm;      /* faults have ended */

/* --- the inbox ----------------------------------------------------------------------------- */

#define AS(letters, as, other) ((letters) && as == CURRENT -> other : as)

inline batches_become(other) {
  batch_as[MAIN] = AS(batch[MAIN], batch_as[MAIN], other);
  batch_as[HELPER] = AS(batch[HELPER], batch_as[HELPER], other);
  unfinished_as = AS(unfinished, unfinished_as, other)
}

/* What came on the channel comes again, or is nobody's. */
inline forget_all() {
  batches_become(FORGOTTEN);
  buffer = 0;
  interrupted = 0
}

#define OF(letters, as, other) (as == other -> letters : 0)
#define HELD(other) (OF(batch[MAIN], batch_as[MAIN], other) | OF(batch[HELPER], batch_as[HELPER], other) | \
                     OF(unfinished, unfinished_as, other))

/* Nothing is owed of what went back before the process had heard. */
inline excuse() {
  owed = owed & (records | buffer_gone | interrupted_gone | HELD(GONE))
}

inline close() {
  given = 0;
  give_back = false;
  channel = CLOSED
}

inline forget() {
  excuse();
  forget_all();
  close()
}

/* The broker's word is read: nothing of what was given comes again. */
inline hear() {
  batches_become(GONE);
  buffer_gone = buffer_gone | buffer;
  buffer = 0;
  interrupted_gone = interrupted_gone | interrupted;
  interrupted = 0;
  close()
}

#ifdef BREAK_CLOSES_DEAF
#define HEARS_AT_ITS_END false
#else
#define HEARS_AT_ITS_END (channel == DELETED)
#endif

inline end_inbox() {
  if
  :: HEARS_AT_ITS_END -> hear()
  :: else -> forget_all(); close()
  fi
}

/* --- the settlers -------------------------------------------------------------------------- */

#define IS_IN_HAND(as) (as != FORGOTTEN)
#define MAY_TAKE ((buffer | buffer_gone) && !give_back && !stopping)

/* Of one kind: a queue that is no more has nothing to be acknowledged. */
inline take(s) {
  batch_as[s] = (buffer_gone -> GONE : CURRENT);
  batch[s] = (buffer_gone -> buffer_gone : buffer);
  if
  :: batch[s] = FIRST_OF(batch[s])
  :: skip
  fi;
  buffer = (buffer_gone -> buffer : buffer & ~batch[s]);
  buffer_gone = (batch_as[s] == GONE -> buffer_gone & ~batch[s] : 0);
  doing[s] = SETTLING
}

inline let_go(s) {
  batch[s] = 0;
  batch_as[s] = CURRENT
}

/* The whole batch, or a piece of it; the rest is left where it comes again. */
inline commit(s) {
  if
  :: records = records | batch[s]; batch[s] = 0
  :: records = records | FIRST_OF(batch[s]); batch[s] = batch[s] & ~FIRST_OF(batch[s])
  fi;
  if
  :: batch[s] && IS_IN_HAND(batch_as[s])
  :: else -> let_go(s); doing[s] = IDLE
  fi
}

#ifdef BREAK_ASKS_ONCE
#define IS_GONE_NOW false
#else
#define IS_GONE_NOW (batch_as[MAIN] == GONE)
#endif

/* All goes back, but for what is known to be of a deleted queue. */
inline give_all_back() {
  excuse();
  forget_all();
  give_back = true;
  if
  :: IS_GONE_NOW -> doing[MAIN] = SETTLING
  :: else -> let_go(MAIN); doing[MAIN] = IDLE
  fi
}

#ifdef BREAK_LEAVES_BUFFER
#define LEFT_IN_BUFFER 0
#else
#define LEFT_IN_BUFFER buffer_gone
#endif

inline interrupt() {
#ifndef BREAK_DROPS_WHAT_IS_INTERRUPTED
  interrupted = HELD(CURRENT);
  interrupted_gone = HELD(GONE);
#endif
  let_go(MAIN);
  unfinished = 0;
  unfinished_as = CURRENT
}

inline gather() {
  interrupted_gone = interrupted_gone | LEFT_IN_BUFFER;
  buffer_gone = 0
}

inline settle_left() {
  records = records | FIRST_OF(interrupted_gone);
  interrupted_gone = interrupted_gone & ~FIRST_OF(interrupted_gone)
}

inline conclude() {
  assert((owed & ~records & ~told) == 0);   /* P4: recorded, or told */
  assert(told == 0 || given_up);            /* P1: recorded as long as there is patience */
  doing[MAIN] = OVER
}

/* --- the processes ------------------------------------------------------------------------- */

#define INBOX_RUNS (doing[MAIN] < CLOSES)

proctype Inbox() {
end:
  do
  :: d_step { channel == CLOSED && exists && !give_back && INBOX_RUNS -> channel = OPEN }
  :: d_step { channel == OPEN && given != ALL && INBOX_RUNS ->
      buffer = buffer | FIRST_OF(ALL & ~given);
      given = given | FIRST_OF(ALL & ~given) }
  :: d_step { channel == DELETED && INBOX_RUNS -> hear() }
  :: d_step { give_back && INBOX_RUNS -> forget() }
  od
}

proctype Main() {
end:
  do
  :: d_step { doing[MAIN] == IDLE && unfinished && !stopping ->
      if
      :: IS_IN_HAND(unfinished_as) ->
        batch[MAIN] = unfinished;
        batch_as[MAIN] = unfinished_as;
        doing[MAIN] = SETTLING
      :: else
      fi;
      unfinished = 0;
      unfinished_as = CURRENT;
      doing[HELPER] = (doing[HELPER] == WAITING -> IDLE : doing[HELPER]) }
  :: atomic { doing[MAIN] == IDLE && !unfinished && MAY_TAKE -> take(MAIN) }
  :: atomic { doing[MAIN] == SETTLING -> commit(MAIN) }

  :: d_step { doing[MAIN] == PAUSED && !stopping && IS_IN_HAND(batch_as[MAIN]) ->
      doing[MAIN] = SETTLING }
  :: d_step { doing[MAIN] == PAUSED && !stopping && batch_as[MAIN] != GONE -> doing[MAIN] = GIVING }
  :: d_step { doing[MAIN] == GIVING -> give_all_back() }

  /* The end. */
  :: d_step { stopping && doing[HELPER] == ENDED && (doing[MAIN] == IDLE || doing[MAIN] == PAUSED) ->
      interrupt(); gather(); doing[MAIN] = SETTLES_LEFT }
  :: d_step { doing[MAIN] == SETTLES_LEFT && interrupted_gone -> settle_left() }
  :: d_step { doing[MAIN] == SETTLES_LEFT && !interrupted_gone -> doing[MAIN] = CLOSES }
  :: d_step { doing[MAIN] == CLOSES ->
      end_inbox();
#ifdef BREAK_LOOKS_ONCE
      conclude()
#else
      gather();
      doing[MAIN] = SETTLES_REST
#endif
      }
  :: d_step { doing[MAIN] == SETTLES_REST && interrupted_gone -> settle_left() }
  :: d_step { doing[MAIN] == SETTLES_REST && !interrupted_gone -> conclude() }
  :: d_step { doing[MAIN] == TELLS ->
#ifndef BREAK_SAYS_NOTHING
      told = interrupted_gone;
#endif
      conclude() }
  od
}

proctype Helper() {
end:
  do
  :: atomic { doing[HELPER] == IDLE && MAY_TAKE -> take(HELPER) }
  :: atomic { doing[HELPER] == SETTLING -> commit(HELPER) }
  :: d_step { stopping && (doing[HELPER] == IDLE || doing[HELPER] == WAITING) ->
      doing[HELPER] = ENDED }
  od
}

/* As often as they like, until they end for good. */
proctype Faults() {
end:
  do
  :: d_step { !calm -> calm = true }
  /* What the broker had not given is nobody's; what it had is ours alone, if we live to hear it. */
  :: d_step { !calm && exists ->
      exists = false;
      owed = (channel == OPEN -> (buffer | interrupted | HELD(CURRENT)) & ~records : 0);
      channel = (channel == OPEN -> DELETED : channel) }
  /* The connection is lost, perhaps before the broker's word was read. */
  :: d_step { !calm && channel != CLOSED && INBOX_RUNS -> forget() }
  /* The ledger refuses. */
  :: d_step { !calm && doing[MAIN] == SETTLING -> doing[MAIN] = PAUSED }
  :: d_step { !calm && doing[HELPER] == SETTLING ->
      unfinished = batch[HELPER];
      unfinished_as = batch_as[HELPER];
      let_go(HELPER);
      doing[HELPER] = WAITING }
  /* To the end: when whoever stops it has no more patience, what is left is told. */
#ifdef BREAK_TRIES_ONCE
  :: d_step { !calm && doing[MAIN] == SETTLES_LEFT && interrupted_gone -> doing[MAIN] = TELLS }
#else
  :: d_step { doing[MAIN] == SETTLES_LEFT && interrupted_gone && given_up -> doing[MAIN] = CLOSES }
#endif
  :: d_step { doing[MAIN] == SETTLES_REST && interrupted_gone && given_up -> doing[MAIN] = TELLS }
  :: d_step { !stopping -> stopping = true }
  :: d_step { stopping && !given_up -> given_up = true }
  od
}

init {
  atomic {
    run Inbox();
    run Main();
    run Helper();
    run Faults()
  }
end:
  timeout -> assert(doing[MAIN] == OVER)                /* P5 */
}
