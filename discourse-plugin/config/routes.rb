# frozen_string_literal: true

FiberLink::Engine.routes.draw do
  scope constraints: { format: :json } do
    # -- Tips
    post "/tips" => "tips#create"
    get "/tips/open" => "tips#open"
    get "/tips/options" => "tips#options"
    get "/tips/:id" => "tips#show"
    get "/posts/:id/tips" => "post_tips#index", constraints: { id: /\d+/ }

    # -- The creator's page
    get "/wallet" => "wallet#show"
    get "/wallet/tips" => "wallet#tips"
    get "/withdrawals" => "withdrawals#index"
    post "/withdrawals/quote" => "withdrawals#quote"
    post "/withdrawals" => "withdrawals#create"
    get "/preferences" => "preferences#show"
    put "/preferences" => "preferences#update"
  end

  # -- Pages
  get "/" => "pages#own"
  get "/leaderboard" => "leaderboard#show"
end

Discourse::Application.routes.draw do
  mount ::FiberLink::Engine, at: "fiber-link"

  # -- Pages
  %w[u users].each do |root|
    get "/#{root}/:username/fiber-link(/*path)" => "fiber_link/pages#of_user",
        :constraints => {
          username: RouteFormat.username,
        }
  end

  # -- Admin
  get "/admin/plugins/fiber-link/overview" => "fiber_link/admin_overview#show",
      :constraints => AdminConstraint.new
end
