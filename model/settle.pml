/* Inside the settle transaction: why road.pml may take it as one step. Two sessions of the database
 * settle two batches about the same two executions, while a transaction of the platform's locks
 * these rows, in an order of its own. README.md tells what each step is in the source.
 *
 *   session 0: letter 0 of execution 0, letter 1 of execution 1
 *   session 1: letter 2 of execution 1, letter 3 of execution 0; each of them may be the same death
 *              as session 0's letter of that execution, delivered once more
 *
 * What a transaction writes is seen by others once it has committed; the rows that it locks and the
 * keys that it inserts keep others waiting from then on until it ends.
 *
 * Switch: BREAK_*  ways of getting it wrong, each of which must be caught */

#define LETTERS 4
#define EXECUTIONS 2
#define KEYS 4
#define BIT(n) (1 << (n))

#define SCHEDULED 0
#define FAILED 1
#define COMPLETED 2

/* Who has locked a row, or inserted a key. */
#define NOBODY 0
#define SESSION(s) (1 + (s))
#define PLATFORM 3
#define COMMITTED 4

#define NONE 0
#define WAS_FAILED 1
#define WAS_RETRIED 2
#define WAS_STALE 3
#define WAS_NOT_FAILABLE 4
#define WAS_DEFERRED 5

/* The platform's rows. */
byte status[EXECUTIONS];
byte row_lock[EXECUTIONS];
#ifdef BREAK_LOCK_LATE
byte version[EXECUTIONS];  /* an update makes a new one, a lock does not */
#endif

/* The ledger. */
byte key_of[KEYS];       /* whose it is */
bool owner[EXECUTIONS];  /* the execution waits for a retry's message */
byte outcome[LETTERS];

/* What the batches are, and what was seen of them. */
byte key[LETTERS];
byte to_retry;  /* a bit a session: the rules' verdict on its letters */
byte failures[EXECUTIONS];
byte has_keys;  /* a bit a session: it is past the keys */
byte ended;     /* a bit a session: committed or killed */
byte killed;    /* a bit a session */

byte x, y;  /* within a step; 0 between two */

#define EXECUTION(l) ((l) == 1 || (l) == 2)
#define LETTER(s, e) ((s) == 0 -> (e) : 3 - (e))

/* Our own locks must never wait for each other in a circle: here a wait ends in lock_timeout only
 * while the platform holds a row, and a wait for a key only if who has it may be waiting for such
 * a row. */
#define PLATFORM_HOLDS (row_lock[0] == PLATFORM || row_lock[1] == PLATFORM)

#if defined(BREAK_PLAIN_READ) || defined(BREAK_UNGUARDED)
#define LOCKS_FIRST 0
#define MAY_WRITE (row_lock[0] == NOBODY && row_lock[1] == NOBODY)
#else
#define LOCKS_FIRST 1
#define MAY_WRITE true
#endif
#ifdef BREAK_UNGUARDED
#define UPDATE_FINDS(e) true
#else
#define UPDATE_FINDS(e) (status[e] == SCHEDULED)
#endif

/* The transaction ends: what it holds is as `then`. */
inline finish(s, then) {
  x = 0;
  do
  :: x < KEYS ->
    if
    :: key_of[x] == SESSION(s) -> key_of[x] = then
    :: else
    fi;
    x++
  :: else -> break
  od;
  x = 0;
  do
  :: x < EXECUTIONS ->
    if
    :: row_lock[x] == SESSION(s) -> row_lock[x] = NOBODY
    :: else
    fi;
    decided[x] = NONE;
#ifdef BREAK_LOCK_LATE
    seen_owner[x] = false;
    seen_version[x] = 0;
#endif
    x++
  :: else -> break
  od;
  x = 0;
  has_keys = has_keys & ~BIT(s);
  fresh = 0;
  locked = 0;
  turn = 0
}

/* The letter of execution e by the row as the second statement sees it. */
inline judge(s, e, is_owned) {
  if
  :: !(fresh & BIT(e)) -> skip
  :: (fresh & BIT(e)) && LOCKS_FIRST && !(locked & BIT(e)) -> decided[e] = WAS_DEFERRED
  :: else ->
    if
    :: status[e] != SCHEDULED -> decided[e] = WAS_NOT_FAILABLE
    :: status[e] == SCHEDULED && is_owned -> decided[e] = WAS_STALE
    :: else -> decided[e] = ((to_retry & BIT(s)) -> WAS_RETRIED : WAS_FAILED)
    fi
  fi
}

inline write(s, e) {
  if
  :: fresh & BIT(e) ->
    y = LETTER(s, e);
    assert(outcome[y] == NONE);                           /* P3 a letter is recorded once */
    assert(key[y] != key[3 - y] || outcome[3 - y] == NONE);  /* P3 a death is recorded once */
    key_of[key[y]] = COMMITTED;
    outcome[y] = decided[e];
    if
    :: decided[e] == WAS_FAILED ->
      if
      :: UPDATE_FINDS(e) ->
        assert(status[e] != COMPLETED);                   /* P2 nothing is overwritten */
        assert(!owner[e]);                                /* P2 nor what waits for a retry */
        status[e] = FAILED;
#ifdef BREAK_LOCK_LATE
        version[e]++;
#endif
        failures[e]++
      :: else
      fi;
      assert(status[e] == FAILED && failures[e] == 1)     /* P3 recorded as the row went */
    :: decided[e] == WAS_RETRIED ->
      assert(status[e] == SCHEDULED && !owner[e]);        /* P3 sent once, to one who waits */
      owner[e] = true
    :: else
    fi;
    y = 0
  :: else
  fi
}

#define KEY(s, e) key[LETTER(s, e)]
#ifdef BREAK_KEYS_UNORDERED
#define FIRST(s) (s)
#else
#define FIRST(s) (KEY(s, 0) < KEY(s, 1) -> 0 : 1)
#endif
#ifdef BREAK_ROWS_UNORDERED
#define FIRST_ROW(s) (s)
#else
#define FIRST_ROW(s) 0
#endif
#define NEXT(first) (turn == 0 -> (first) : 1 - (first))

proctype Session(byte s) {
  bool passes_over;  /* SKIP LOCKED */
  byte fresh;        /* a bit an execution: its letter is recorded by this transaction */
  byte locked;       /* a bit an execution */
  byte decided[EXECUTIONS];
  byte turn;
#ifdef BREAK_LOCK_LATE
  bool seen_owner[EXECUTIONS];
  byte seen_version[EXECUTIONS];
#endif

keys:
  /* The first statement inserts the keys in their order, and waits where another transaction has
   * inserted one. */
  do
#ifdef BREAK_KEYS_BY_READ
  :: d_step { turn < 2 && key_of[KEY(s, NEXT(FIRST(s)))] != COMMITTED ->
      fresh = fresh | BIT(NEXT(FIRST(s)));
      turn++ }
#else
  :: d_step { turn < 2 && key_of[KEY(s, NEXT(FIRST(s)))] == NOBODY ->
      key_of[KEY(s, NEXT(FIRST(s)))] = SESSION(s);
      fresh = fresh | BIT(NEXT(FIRST(s)));
      turn++ }
#endif
  :: d_step { turn < 2 && key_of[KEY(s, NEXT(FIRST(s)))] == COMMITTED -> turn++ }
  :: d_step { turn < 2 && key_of[KEY(s, NEXT(FIRST(s)))] == SESSION(1 - s) &&
      PLATFORM_HOLDS && (has_keys & BIT(1 - s)) ->
      finish(s, NOBODY) }
  :: d_step { turn == 2 -> turn = 0; has_keys = has_keys | BIT(s) };
    break
  od;

#if LOCKS_FIRST
  /* Then it locks the rows of what is new, in the order of their ids. */
  do
  :: d_step { turn < 2 && !(fresh & BIT(NEXT(FIRST_ROW(s)))) -> turn++ }
  :: d_step { turn < 2 && (fresh & BIT(NEXT(FIRST_ROW(s)))) &&
      row_lock[NEXT(FIRST_ROW(s))] == NOBODY ->
      row_lock[NEXT(FIRST_ROW(s))] = SESSION(s);
      locked = locked | BIT(NEXT(FIRST_ROW(s)));
      turn++ }
  :: d_step { turn < 2 && row_lock[NEXT(FIRST_ROW(s))] != NOBODY && passes_over -> turn++ }
  :: turn < 2 && row_lock[NEXT(FIRST_ROW(s))] != NOBODY && !passes_over &&
      PLATFORM_HOLDS ->
    d_step { finish(s, NOBODY); passes_over = true };
    goto keys
  :: d_step { turn == 2 -> turn = 0 };
    break
  od;
#endif

  /* The second statement judges what was committed when it began. */
  skip;
#ifdef BREAK_LOCK_LATE
  /* What was passed over is tried once more, and judged if it is free and of the version seen. */
  d_step {
    seen_owner[0] = owner[0];
    seen_owner[1] = owner[1];
    seen_version[0] = version[0];
    seen_version[1] = version[1]
  };
  do
  :: d_step { turn < 2 && (fresh & BIT(turn)) && row_lock[turn] == NOBODY ->
      if
      :: version[turn] == seen_version[turn] ->
        row_lock[turn] = SESSION(s);
        locked = locked | BIT(turn)
      :: else
      fi;
      turn++ }
  :: d_step { turn < 2 && !((fresh & BIT(turn)) && row_lock[turn] == NOBODY) -> turn++ }
  :: d_step { turn == 2 -> turn = 0 };
    break
  od;
  skip;
  d_step { judge(s, 0, seen_owner[0]); judge(s, 1, seen_owner[1]) };
#else
  d_step { judge(s, 0, owner[0]); judge(s, 1, owner[1]) };
#endif

  /* Its update and the commit: the guard of the update looks at the row as it is by then. */
  if
  :: d_step { MAY_WRITE -> write(s, 0); write(s, 1); finish(s, COMMITTED) }
  :: d_step { finish(s, NOBODY); killed = killed | BIT(s) }
  fi;
  d_step { passes_over = false; ended = ended | BIT(s) }
}

/* The platform locks rows in an order that is not ours; completes their executions or does not. */
inline complete(e) {
  if
  :: row_lock[e] == PLATFORM ->
    row_lock[e] = NOBODY;
#ifdef BREAK_LOCK_LATE
    version[e] = version[e] + (status[e] != COMPLETED);
#endif
    status[e] = COMPLETED
  :: else
  fi
}

proctype Platform() {
  do
  :: row_lock[0] != PLATFORM && row_lock[1] != PLATFORM -> break
  :: d_step { row_lock[1] == NOBODY -> row_lock[1] = PLATFORM }
  :: d_step { row_lock[0] == NOBODY -> row_lock[0] = PLATFORM }
  :: d_step { PLATFORM_HOLDS -> complete(0); complete(1) }
  :: d_step { row_lock[1] == PLATFORM -> row_lock[1] = NOBODY }
  :: d_step { row_lock[0] == PLATFORM -> row_lock[0] = NOBODY }
  od
}

#define IS_SETTLED(l, s) (outcome[l] != NONE || (killed & BIT(s)) || \
                          (key[l] == key[3 - (l)] && outcome[3 - (l)] != NONE))

init {
  atomic {
    key[1] = 1;
    if
    :: key[2] = 1
    :: key[2] = 2
    fi;
    if
    :: key[3] = 0
    :: key[3] = 3
    fi;
    select(to_retry : 0 .. 3);
    run Session(0);
    run Session(1);
    run Platform()
  };
  /* P5: whoever lives settles its batch, whatever the platform holds. */
  ended == 3 ->
  assert(IS_SETTLED(0, 0) && IS_SETTLED(1, 0) && IS_SETTLED(2, 1) && IS_SETTLED(3, 1))
}
