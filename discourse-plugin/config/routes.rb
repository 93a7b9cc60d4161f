# frozen_string_literal: true

FiberLink::Engine.routes.draw do
  scope constraints: { format: :json } do
    # -- Tips
    post "/tips" => "tips#create"
    get "/tips/open" => "tips#open"
    get "/tips/options" => "tips#options"
    get "/tips/:id" => "tips#show"
    get "/posts/:id/tips" => "post_tips#index", constraints: { id: /\d+/ }
  end
end

Discourse::Application.routes.draw { mount ::FiberLink::Engine, at: "fiber-link" }
