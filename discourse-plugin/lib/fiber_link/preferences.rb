# frozen_string_literal: true

module FiberLink
  # What somebody chose about tips. Nothing can be chosen yet.
  class Preferences
    def self.for(_user)
      new
    end

    # Those of the users who take tips, in one query.
    def self.accepting(user_ids)
      user_ids.compact.uniq
    end

    def accepts_tips?
      true
    end

    def notified?
      true
    end

    def on_leaderboard?
      true
    end
  end
end
