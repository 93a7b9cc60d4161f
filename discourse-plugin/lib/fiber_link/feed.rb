# frozen_string_literal: true

module FiberLink
  # The server's events, recorded in their order together with the place that they end at. Several
  # processes may read at once: a page that another has recorded meanwhile is dropped.
  class Feed
    PAGE = 100
    CURSOR_LIMIT = 255
    # How many events are asked for, after a page was too large.
    SMALLER_KEY = "fiber-link:events-page"
    SMALLER_SECONDS = 10.minutes.to_i

    # Everything that is there, but no more than so many pages. True if nothing is left.
    def self.drain(pages:)
      pages.times do
        feed = new
        return true if feed.advance(anyway: true) < feed.limit
      end
      false
    end

    # The next page; with `wait_seconds` the server answers when there is one. How many events.
    def self.advance(wait_seconds: 0)
      new.advance(wait_seconds: wait_seconds)
    end

    def advance(**patience)
      cursor = FeedPosition.current.cursor
      page = ask(cursor, patience)
      return 0 if page.nil?
      items = page.array("items", limit: limit)
      following = page.optional(:string, "nextCursor", limit: CURSOR_LIMIT)
      publish(record(items, from: cursor, to: following || cursor))
      items.size
    rescue Unavailable => e
      halve_limit if e.is_a?(AnswerTooLarge)
      FeedPosition.where(id: FeedPosition::ID).update_all(last_error: e.kind.to_s)
      raise
    end

    def limit
      @limit ||= (Discourse.redis.get(SMALLER_KEY) || PAGE).to_i
    end

    private

    # A page that is too large would be too large the next time.
    def halve_limit
      Discourse.redis.setex(SMALLER_KEY, SMALLER_SECONDS, [limit / 2, 1].max.to_s)
    end

    # Nil where the server does not know the cursor: it was put back to an older copy, or the app is
    # another one. Then everything is read anew, and what is known already changes nothing.
    def ask(cursor, patience)
      params = { after: cursor, limit: limit }.compact
      Client.call("event.list", params, **patience)
    rescue Refused => e
      unless cursor && e.issues.any? { |issue| issue[:field] == "after" }
        raise Unavailable.new(:bad_answer, "event.list refused: #{e.message}")
      end
      Rails.logger.warn("fiber-link: the server does not know our cursor; its events are read anew")
      FeedPosition.where(id: FeedPosition::ID, cursor: cursor).update_all(cursor: nil)
      nil
    end

    def record(items, from:, to:)
      FeedPosition.exclusively do |position|
        next [] if position.cursor != from
        passed_over = 0
        outcomes = items.filter_map { |item| record_item(item) { passed_over += 1 } }
        position.update!(
          cursor: to,
          last_sync_at: Time.zone.now,
          last_error: nil,
          passed_over: position.passed_over + passed_over,
        )
        outcomes
      end
    end

    # An event that is bad in itself is passed over: it would be the same the next time, and keep
    # all that follow it from everybody. Its error is in the log. Any other error is of this moment
    # or of ours: the page is read again.
    def record_item(item)
      FeedPosition.transaction(requires_new: true) { interpret(Answer.new(item, "event.list")) }
    rescue StandardError => e
      raise unless bad_in_itself?(e)
      yield
      Discourse.warn_exception(e, message: "fiber-link: passed an event over")
      nil
    end

    def bad_in_itself?(error)
      case error
      when Unavailable, ActiveRecord::RecordInvalid, ActiveModel::RangeError then true
      else DatabaseError.of_row?(error)
      end
    end

    # Types that are not known yet say nothing to us.
    def interpret(event)
      case event.string("type")
      when "tip.settled" then TipRecorder.record(event.object("tip"))
      when *WithdrawalNotifier::KINDS.keys
        WithdrawalNotifier.ended(event.string("type"), event.object("withdrawal"), event.time("at"))
        nil
      end
    end

    def publish(outcomes)
      TipRecorder.publish(outcomes) if outcomes.any?
    end
  end
end
